/**
 * Reads ε from certified curves.
 *
 * @module
 */
import { type Curve, divergenceAbove, divergenceBelow } from './compose.ts';
import { exp } from '../special/elementary.ts';

/** The smallest ε ≥ 0 in the window at which the upper curve is ≤ δ; undefined if the window has none, or starts with it. */
export function epsilonAbove(curve: Curve, delta: number): number | undefined {
  const isMet = (epsilon: number): boolean => divergenceAbove(curve, epsilon) <= delta;
  const end = Math.max(endOf(curve), 0);
  if (!isMet(end)) return undefined;
  const low = Math.max(curve.start, 0);
  if (isMet(low)) return low === 0 ? 0 : undefined;
  return narrowed(low, end, isMet).high;
}

/** The bracket around where `isMet` begins to be, as narrow as tells anything. */
function narrowed(
  low: number,
  high: number,
  isMet: (epsilon: number) => boolean,
): { readonly low: number; readonly high: number } {
  let [from, to] = [low, high];
  while (to - from > 1e-13 * Math.max(to, 1e-3)) {
    const middle = 0.5 * (from + to);
    if (middle === from || middle === to) break;
    if (isMet(middle)) to = middle;
    else from = middle;
  }
  return { low: from, high: to };
}

/** The largest ε in [0, above] known to have a divergence above δ; 0 if none is. `above` is where the upper curve meets δ. */
export function epsilonBelow(curve: Curve, delta: number, above: number): number {
  // Errors grow to the left of the tilt's reference, so the bound is not monotone: look for its last crossing.
  let high = above;
  let low = above;
  for (let gap = Math.max(curve.step / 16, 1e-13 * above); !(divergenceBelow(curve, low) > delta); gap *= 1.3) {
    if (low <= 0 || low < curve.start) return 0;
    high = low;
    low = Math.max(above - gap, 0);
  }
  return narrowed(low, high, (epsilon) => !(divergenceBelow(curve, epsilon) > delta)).low;
}

/** About how far the errors of the computation itself, not of its lattice, move ε. */
export function slackOf(curve: Curve, epsilon: number, delta: number): number {
  const { theta, reference, roundOff, above, logScale } = curve;
  const error = exp(theta * (reference - epsilon)) * roundOff + above;
  return (exp(logScale) * error) / (delta * Math.max(theta, 1e-300));
}

function endOf({ start, step, tails }: Curve): number {
  return start + (tails.length - 1) * step;
}
