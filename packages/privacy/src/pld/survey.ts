/**
 * A coarse view of a pair's loss distribution, on which computations are planned: a few hundred points, dense around
 * zero, and the moments they give. Connect-the-dots on these points too, so its moments bound the true ones from above.
 *
 * @module
 */
import { type DominatingPair, newTails } from './pair.ts';
import { asinh, exp, expm1, ln, sinh } from '../special/elementary.ts';

const POINTS_ABOVE = 192;
const POINTS_BELOW = 64;
const MAX_ATOMS = 128;
// Stretches longer than this, over which the tail falls by more than these, are split, so often at most.
const LONG_STRETCH = 1;
const SMALL_FALL = 0.02;
const STEEP_FALL = exp(-4);
const MAX_SPLITS = 40;
const MAX_POINTS = 640;
/** Beyond every loss of an event that is accepted: its ratio is at most 2e9. */
const FARTHEST = 1e20;

/** Samples of a pair's tails at increasing losses, and the masses of its connect-the-dots discretization there. */
export interface Survey {
  readonly pair: DominatingPair;
  readonly losses: Float64Array;
  /** P(L > losses[i]). */
  readonly tails: Float64Array;
  readonly divergences: Float64Array;
  readonly masses: Float64Array;
  readonly logMasses: Float64Array;
}

/** Looks at `pair` once; everything is relative to the scale of its own losses. */
export function survey(pair: DominatingPair): Survey {
  const out = newTails();
  let above = 1e-9;
  while (above < pair.maximum && above < FARTHEST) {
    pair.evaluate(above, out);
    if (!(out.divergence - pair.infinity >= 1e-295)) break;
    above *= 1.5;
  }
  above = Math.min(above, pair.maximum);
  let below = 1e-9;
  while (-below > pair.minimum && below < FARTHEST) {
    pair.evaluate(-below, out);
    if (!(1 - out.p >= 1e-17)) break;
    below *= 1.5;
  }
  below = Math.min(below, -pair.minimum);

  // At ε = 0 the divergence is about the mean positive loss, the scale on which most of the mass lies.
  pair.evaluate(0, out);
  const scale = Math.max(0.05 * (out.divergence - pair.infinity), 1e-9 * above, 1e-15);
  const points = [0, above, -below, ...pair.atoms.slice(0, MAX_ATOMS)];
  spread(above, scale, POINTS_ABOVE, points);
  spread(-below, scale, POINTS_BELOW, points);
  // An array first: on Hermes before V1 a typed array of a Set is empty.
  const distinct = [...new Set(points)];
  const losses = refined(pair, Float64Array.from(distinct).sort());
  const n = losses.length;
  const tails = new Float64Array(n);
  const divergences = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    pair.evaluate(losses[i], out);
    tails[i] = out.p;
    divergences[i] = out.divergence;
  }
  const masses = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const fall = i + 1 < n ? (divergences[i] - divergences[i + 1]) / expm1(losses[i + 1] - losses[i]) : 0;
    const rise = i > 0 ? (divergences[i - 1] - divergences[i]) / -expm1(losses[i - 1] - losses[i]) : 1 - divergences[0];
    masses[i] = Math.max(rise - fall, 0);
  }
  return { pair, losses, tails, divergences, masses, logMasses: masses.map(ln) };
}

/**
 * With points added where the tail falls within a stretch so long that the dots at its ends would not show where: noise far
 * below the norm has all of its mass in a narrow stretch far out.
 */
function refined(pair: DominatingPair, initial: Float64Array): Float64Array {
  const out = newTails();
  const tail = (loss: number): number => {
    pair.evaluate(loss, out);
    return Math.max(out.p - pair.infinity, 0);
  };
  let points = Array.from(initial, (loss) => ({ loss, p: tail(loss) }));
  for (let pass = 0; pass < MAX_SPLITS && points.length < MAX_POINTS; pass++) {
    const next: typeof points = [];
    for (const [i, point] of points.entries()) {
      next.push(point);
      const above = points[i + 1];
      if (above === undefined || above.loss - point.loss <= LONG_STRETCH || point.p < 1e-290) continue;
      if (point.p - above.p <= SMALL_FALL && above.p >= point.p * STEEP_FALL) continue;
      const loss = 0.5 * (point.loss + above.loss);
      if (loss > point.loss && loss < above.loss) next.push({ loss, p: tail(loss) });
    }
    if (next.length === points.length) break;
    points = next;
  }
  return Float64Array.from(points, ({ loss }) => loss);
}

/** Points of a hyperbolic sine between 0 and `end`: geometric far out, linear within `scale` of 0. */
function spread(end: number, scale: number, count: number, into: number[]): void {
  const range = asinh(end / scale);
  for (let i = 1; i < count; i++) into.push(scale * sinh((range * i) / count));
}

/**
 * The survey without the losses that a composition of `count` pairs, asked at δ = exp(logDelta), has no use for: high ones
 * with less divergence in all than exp(−15)·δ, low ones with less probability than 1e-11. What is cut off above becomes
 * infinite loss.
 */
export function cutSurvey(whole: Survey, logDelta: number, count: number): Survey {
  const { pair, tails, divergences } = whole;
  const budget = Math.max(exp(logDelta - 15) / count, 1e-285);
  let end = whole.losses.length;
  while (end > 1 && divergences[end - 2] - pair.infinity <= budget) end--;
  let begin = 0;
  while (begin < end - 1 && 1 - tails[begin + 1] <= 1e-11 / count) begin++;
  const masses = whole.masses.slice(begin, end);
  // Nothing beyond the last point is left to spread, so its mass is what lies above it.
  const last = masses.length - 1;
  if (last > 0 && end < whole.losses.length) {
    const rise = divergences[end - 2] - divergences[end - 1];
    masses[last] = Math.max(rise / -expm1(whole.losses[end - 2] - whole.losses[end - 1]), 0);
  }
  return {
    pair,
    losses: whole.losses.slice(begin, end),
    tails: tails.slice(begin, end),
    divergences: divergences.slice(begin, end),
    masses,
    logMasses: masses.map(ln),
  };
}

/** The cumulant generating function log E[exp(θL); L < ∞] of the surveyed masses, and its derivative. */
export function cumulant({ losses, logMasses }: Survey, theta: number): { value: number; slope: number } {
  let top = -Infinity;
  for (let i = 0; i < losses.length; i++) top = Math.max(top, theta * losses[i] + logMasses[i]);
  let sum = 0;
  let first = 0;
  for (let i = 0; i < losses.length; i++) {
    const exponent = theta * losses[i] + logMasses[i] - top;
    if (exponent < -40) continue;
    const term = exp(exponent);
    sum += term;
    first += term * losses[i];
  }
  return { value: top + ln(sum), slope: first / sum };
}
