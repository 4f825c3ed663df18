/**
 * The standard normal distribution in float64, with small relative error in both tails.
 *
 * @module
 */
import { exp, ln, log1p } from './elementary.ts';

const SQRT_2PI = 2.5066282746310002;
const LOG_SQRT_2PI = 0.9189385332046727;

// Chebyshev coefficients of (z + 3/2)·M(z) in y = (z − 5)/(z + 5), z ≥ 0, computed with 40 digits; M is Mills' ratio.
const MILLS = Float64Array.of(
  2.7064171484203636 / 2,
  -0.4390602721958572,
  0.09441571160010238,
  -0.004614626101899838,
  -0.006565640584927576,
  0.0034801653802705597,
  -0.0010498928439903112,
  0.00020956903926295603,
  -2.3783143470896953e-5,
  -3.63813183353236e-7,
  6.424055314633571e-7,
  -7.83414328833116e-8,
  -8.668893330955764e-9,
  3.144419004012713e-9,
  7.175190451050806e-12,
  -1.0140728748304953e-10,
  5.1870709779356884e-12,
  3.317261728321042e-12,
  -2.819539588909302e-13,
  -1.1896229480848083e-13,
  1.16428118793272e-14,
  4.7676829471722875e-15,
  -4.1249691245328096e-16,
  -2.09482553693387e-16,
  1.1216804304733106e-17,
);

/** Mills' ratio M(z) = P(Z > z) / φ(z) for z ≥ 0, relative error below 2^-49. */
export function millsRatio(z: number): number {
  if (z > 1e8) return 1 / z;
  const y = (z - 5) / (z + 5);
  const twice = 2 * y;
  let b = 0;
  let c = 0;
  for (let i = MILLS.length - 1; i > 0; i--) {
    const next = twice * b - c + MILLS[i];
    c = b;
    b = next;
  }
  return (y * b - c + MILLS[0]) / (z + 1.5);
}

/** The density of a standard normal at x. */
export function normalDensity(x: number): number {
  return exp(-0.5 * x * x) / SQRT_2PI;
}

/** P(Z > x) for a standard normal Z; relative error below 2^-48 · (1 + x²/8) wherever the result is a normal number. */
export function normalUpperTail(x: number): number {
  return x >= 0 ? normalDensity(x) * millsRatio(x) : 1 - normalDensity(x) * millsRatio(-x);
}

/** P(Z ≤ x) for a standard normal Z. */
export function normalCdf(x: number): number {
  return normalUpperTail(-x);
}

/** log P(Z > x), finite wherever x² is. */
export function logNormalUpperTail(x: number): number {
  if (x > 0) return ln(millsRatio(x)) - 0.5 * x * x - LOG_SQRT_2PI;
  return log1p(-normalDensity(x) * millsRatio(-x));
}

/** The x with P(Z > x) = p, for p in (0, 1); Newton's method on the logarithm, which is concave. */
export function normalUpperQuantile(p: number): number {
  if (p > 0.5) return -normalUpperQuantile(1 - p);
  const target = ln(p);
  let x = p < 0.1 ? Math.sqrt(-2 * target) : (0.5 - p) * SQRT_2PI;
  for (let i = 0; i < 60; i++) {
    // d/dx log P(Z > x) = −1 / M(x)
    const step = (logNormalUpperTail(x) - target) * millsRatio(Math.max(x, 0));
    x += step;
    if (Math.abs(step) <= 1e-16 * Math.abs(x)) break;
  }
  return x;
}
