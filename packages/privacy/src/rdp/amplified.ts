/**
 * Rényi bounds of a Poisson sample of any mechanism, from those of the mechanism itself.
 *
 * @module
 */
import { log1pOfExpm1 } from '../special/exponential.ts';
import { poissonGaussianDivergence } from './poisson-gaussian.ts';
import { interpolateOrders, poissonCumulant } from './sampled.ts';

// Bounds whose terms are as many as the order are not asked beyond it; there what is known without sampling has to do.
export const MAX_SUMMED_ORDER = 4096;

/**
 * The least of what is known of a sampled mechanism with the divergences `unsampled`.
 *
 * @param known - Its largest loss, if it has one; the ratio of a Gaussian that dominates it, if one does.
 */
export function amplified(
  probability: number,
  unsampled: (order: number) => number,
  known: { readonly largestLoss?: number; readonly ratio?: number | undefined } = {},
): (order: number) => number {
  const { largestLoss = Infinity, ratio } = known;
  // Bounded losses are amplified at every order: log(1 + q(exp(ε) − 1)).
  const bounded = log1pOfExpm1(probability, largestLoss);
  return (order) => {
    // ε-privacy is ε²/2-concentrated (Bun and Steinke 2016, Proposition 3.3).
    const plain = Math.min(unsampled(order), bounded, 0.5 * order * bounded * bounded);
    if (ratio !== undefined) return Math.min(plain, poissonGaussianDivergence(probability, ratio, order));
    if (order > MAX_SUMMED_ORDER) return plain;
    return Math.min(
      plain,
      interpolateOrders(order, (whole) => poissonCumulant(probability, whole, unsampled)),
    );
  };
}
