/**
 * The logarithm of the gamma function by Stirling's series (Abramowitz and Stegun 6.1.40), shifted upward to x ≥ 15,
 * where the terms kept leave an error below 2^-53 relative.
 *
 * @module
 */
import { exp, ln, log1p } from './elementary.ts';

const LOG_SQRT_2PI = 0.9189385332046727;

/** log Γ(x) for x > 0. */
export function logGamma(x: number): number {
  let shift = 1;
  let z = x;
  while (z < 15) shift *= z++;
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - (w * 691) / 360360))))) / z;
  return (z - 0.5) * ln(z) - z + LOG_SQRT_2PI + series - ln(shift);
}

/** log n choose k, for integers 0 ≤ k ≤ n. */
export function logBinomial(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** log(exp(a) + exp(b)) without overflow. */
export function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === -Infinity) return -Infinity;
  return high + log1p(exp(Math.min(a, b) - high));
}
