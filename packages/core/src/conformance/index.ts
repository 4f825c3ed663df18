export { brokenLaws, checkLaws, type Law } from './law.ts';
export { aggregatorLaws, type AggregatorSetup } from './aggregator.ts';
export { robustAggregatorLaws, type RobustSetup } from './robust-aggregator.ts';
export { serverOptimizerLaws, type ServerOptimizerSetup } from './server-optimizer.ts';
export { algorithmLaws, type AlgorithmSetup } from './algorithm.ts';
export { quadraticTrainer } from './quadratic-trainer.ts';
export { codecLaws, type CodecSetup } from './codec.ts';
export { accountantLaws, type AccountantLike, type AccountantSetup } from './accountant.ts';
export { type RobustVector, robustVectors } from './vectors/robust.ts';
