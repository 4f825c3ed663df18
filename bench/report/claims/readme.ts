// Figures of README.md.
import { type Claim, says } from '../claim.ts';
import { figure, type Figure, significant } from '../figure.ts';

const page = says('README.md');
const mean = (name: string): Figure => figure(`mean/ratios/${name}`, significant(2));

export const readme: readonly Claim[] = [
  page`| float32 | ${mean('float32OfCopy')} × | ${mean('float32OfPlain')} × | ${mean('float32OfNumpy')} × |`,
  page`| reproducible (default) | ${mean('reproducibleOfCopy')} × | ${mean('reproducibleOfPlain')} × | ${mean('reproducibleOfNumpy')} × |`,
];
