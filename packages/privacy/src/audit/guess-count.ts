/**
 * How many guesses to make, settled by the claim before any score is seen.
 *
 * @module
 */
import { normalUpperTail } from '../special/normal.ts';
import { leastRefuting, type TradeOffCurve } from './curve.ts';

/** Tenths to four tenths of the canaries, as a share of them. */
const SHARES = [0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4];

/**
 * The number of guesses at which a mechanism with half the noise of the claim would be refuted most surely: by the number of
 * standard deviations that the expected right guesses lie above what refutes the claim. Noise is taken as Gaussian for this; a
 * poor choice costs power, never soundness.
 *
 * @param mu - The claim's distance as that of two Gaussians, in standard deviations.
 */
export function guessCountFor(canaries: number, curve: TradeOffCurve, mu: number, significance: number): number {
  let best = Math.ceil(canaries * SHARES[0]);
  let most = -Infinity;
  for (const share of SHARES) {
    const guesses = Math.ceil(canaries * share);
    const needed = leastRefuting({ canaries, guesses }, curve, significance);
    const threshold = scoreAbove(share, 2 * mu);
    const rightly = (0.5 * normalUpperTail(threshold - 2 * mu)) / share;
    const deviation = Math.sqrt(Math.max(guesses * rightly * (1 - rightly), 0.25));
    const margin = needed > guesses ? -Infinity : (guesses * rightly - needed + 0.5) / deviation;
    if (margin > most) {
      most = margin;
      best = guesses;
    }
  }
  return best;
}

/** The score that a share of canaries exceeds, half of which are shifted by `shift`. */
function scoreAbove(share: number, shift: number): number {
  let low = -40;
  let high = shift + 40;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (0.5 * (normalUpperTail(middle) + normalUpperTail(middle - shift)) > share) low = middle;
    else high = middle;
  }
  return low;
}
