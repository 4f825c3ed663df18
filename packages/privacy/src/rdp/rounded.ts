/**
 * Closed forms of divergences where losses are tiny or sums cancel.
 *
 * @module
 */

/** Below so much order times loss, closed forms cancel and the bound by concentration, αε²/2, is as good. */
export const SMALL_LOSS = 1e-4;
const ROUNDING = 2 ** -48;

/** A cumulant that may cancel, over α − 1, with what its terms lose to rounding. */
export function rounded(cumulant: number, order: number, loss: number): number {
  return Math.max(cumulant + ROUNDING * (1 + order * loss), 0) / (order - 1);
}
