/**
 * Reads ε from certified curves.
 *
 * @module
 */
import { type Curve, divergenceAbove, divergenceBelow } from './compose.ts';

const SCAN = 96;

/** The smallest ε ≥ 0 in the window at which the upper curve is ≤ δ; undefined if the window has none, or starts with it. */
export function epsilonAbove(curve: Curve, delta: number): number | undefined {
  const isMet = (epsilon: number): boolean => divergenceAbove(curve, epsilon) <= delta;
  const end = Math.max(endOf(curve), 0);
  if (!isMet(end)) return undefined;
  let low = Math.max(curve.start, 0);
  if (isMet(low)) return low === 0 ? 0 : undefined;
  let high = end;
  while (high - low > 1e-13 * Math.max(high, 1e-3)) {
    const middle = 0.5 * (low + high);
    if (middle === low || middle === high) break;
    if (isMet(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The largest ε ≥ 0 known to have a divergence above δ; 0 if none is. */
export function epsilonBelow(curve: Curve, delta: number): number {
  const start = Math.max(curve.start, 0);
  const end = Math.max(endOf(curve), 0);
  // Errors grow to the left of the tilt's reference, so the bound is not monotone: look for its last crossing.
  let low = end;
  let high = end;
  for (let i = SCAN - 1; i >= 0; i--) {
    low = start + ((end - start) * i) / SCAN;
    if (divergenceBelow(curve, low) > delta) break;
    if (i === 0) return 0;
    high = low;
  }
  while (high - low > 1e-13 * Math.max(high, 1e-3)) {
    const middle = 0.5 * (low + high);
    if (middle === low || middle === high) break;
    if (divergenceBelow(curve, middle) > delta) low = middle;
    else high = middle;
  }
  return low;
}

/** About how far the errors of the computation itself, not of its lattice, move ε. */
export function slackOf(curve: Curve, epsilon: number, delta: number): number {
  const { theta, reference, roundOff, above, logScale } = curve;
  const error = Math.exp(theta * (reference - epsilon)) * roundOff + above;
  return (Math.exp(logScale) * error) / (delta * Math.max(theta, 1e-300));
}

function endOf({ start, step, tails }: Curve): number {
  return start + (tails.length - 1) * step;
}
