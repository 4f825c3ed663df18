/**
 * Gamma and Dirichlet draws that repeat on every engine.
 *
 * @module
 */
import { checkPositive } from '../check.ts';
import type { Rng } from '../random.ts';
import { exp } from './exp.ts';
import { log } from './log.ts';
import { normal } from './normal.ts';

/**
 * ln of a draw from Gamma(shape, 1) (Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS
 * 26(3), 2000, and their §6 for shapes below 1). In logarithms because small shapes draw numbers that underflow.
 */
function logGamma(rng: Rng, shape: number): number {
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  const boost = shape < 1 ? log(1 - rng.uniform()) / shape : 0;
  for (;;) {
    const x = normal(rng);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    if (log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * log(v)) return log(d) + log(v) + boost;
  }
}

/**
 * A draw from the gamma distribution with `shape` > 0 and scale 1; its mean and variance are `shape`.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless `shape` is finite and > 0.
 */
export function gamma(rng: Rng, shape: number): number {
  return exp(logGamma(rng, checkPositive('gamma: shape', shape)));
}

/**
 * A draw from the Dirichlet distribution: shares, shape [k], that sum to 1 up to rounding. Sound for concentrations so
 * small that all gamma draws would underflow.
 *
 * @param concentrations - α, shape [k], each finite and > 0.
 * @throws FedkitError `OUT_OF_RANGE` for another α.
 */
export function dirichlet(rng: Rng, concentrations: ArrayLike<number>): Float64Array {
  const shares = new Float64Array(concentrations.length);
  let largest = -Infinity;
  for (let i = 0; i < shares.length; i++) {
    shares[i] = logGamma(rng, checkPositive(`dirichlet: concentrations[${i}]`, concentrations[i]));
    if (shares[i] > largest) largest = shares[i];
  }
  let total = 0;
  for (let i = 0; i < shares.length; i++) total += shares[i] = exp(shares[i] - largest);
  for (let i = 0; i < shares.length; i++) shares[i] /= total;
  return shares;
}
