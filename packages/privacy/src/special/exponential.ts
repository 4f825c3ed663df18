/**
 * Exponentials of losses, without overflow and without cancellation.
 *
 * @module
 */
import { exp, expm1, ln, log1p } from './elementary.ts';

/** log(1 + factor·(exp(x) − 1)) for factor > 0 and any x, infinite ones too; -Infinity where there is no logarithm. */
export function log1pOfExpm1(factor: number, x: number): number {
  if (x < 600) {
    const change = factor * expm1(x);
    if (change <= -1) return -Infinity;
    // A factor above 1 overflows long before its exponential does.
    if (change < 1e300) return log1p(change);
  }
  // log(factor·exp(x)) + log(1 + (1/factor − 1)·exp(−x))
  return ln(factor) + x + log1p((1 / factor - 1) * exp(-x));
}

/** log(1 + exp(x)) for any x. */
export function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}
