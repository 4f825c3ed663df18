export { exp, expm1 } from './exp.ts';
export { dirichlet, gamma } from './gamma.ts';
export { log, log1p, log2 } from './log.ts';
export { normal } from './normal.ts';
export { pow } from './pow.ts';
export { cos, sin } from './trigonometry.ts';
