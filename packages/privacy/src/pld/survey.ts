/**
 * A coarse view of a pair's loss distribution, on which computations are planned: a few hundred points, dense around
 * zero, and the moments they give. Connect-the-dots on these points too, so its moments bound the true ones from above.
 *
 * @module
 */
import { type DominatingPair, newTails } from './pair.ts';

const POINTS_ABOVE = 192;
const POINTS_BELOW = 64;
const MAX_ATOMS = 128;

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
  while (above < pair.maximum && above < 1e9) {
    pair.evaluate(above, out);
    if (out.divergence - pair.infinity < 1e-295) break;
    above *= 1.5;
  }
  above = Math.min(above, pair.maximum);
  let below = 1e-9;
  while (-below > pair.minimum && below < 1e9) {
    pair.evaluate(-below, out);
    if (1 - out.p < 1e-17) break;
    below *= 1.5;
  }
  below = Math.min(below, -pair.minimum);

  // At ε = 0 the divergence is about the mean positive loss, the scale on which most of the mass lies.
  pair.evaluate(0, out);
  const scale = Math.max(0.05 * (out.divergence - pair.infinity), 1e-9 * above, 1e-15);
  const points = [0, above, -below, ...pair.atoms.slice(0, MAX_ATOMS)];
  spread(above, scale, POINTS_ABOVE, points);
  spread(-below, scale, POINTS_BELOW, points);
  const losses = Float64Array.from(new Set(points)).sort();
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
    const fall = i + 1 < n ? (divergences[i] - divergences[i + 1]) / Math.expm1(losses[i + 1] - losses[i]) : 0;
    const rise =
      i > 0 ? (divergences[i - 1] - divergences[i]) / -Math.expm1(losses[i - 1] - losses[i]) : 1 - divergences[0];
    masses[i] = Math.max(rise - fall, 0);
  }
  return { pair, losses, tails, divergences, masses, logMasses: masses.map(Math.log) };
}

/** Points of a hyperbolic sine between 0 and `end`: geometric far out, linear within `scale` of 0. */
function spread(end: number, scale: number, count: number, into: number[]): void {
  const range = Math.asinh(end / scale);
  for (let i = 1; i < count; i++) into.push(scale * Math.sinh((range * i) / count));
}

/**
 * The survey without the losses that a composition of `count` pairs, asked at δ = exp(logDelta), has no use for: high ones
 * with less divergence in all than exp(−15)·δ, low ones with less probability than 1e-11. What is cut off above becomes
 * infinite loss.
 */
export function cutSurvey(whole: Survey, logDelta: number, count: number): Survey {
  const { pair, tails, divergences } = whole;
  const budget = Math.max(Math.exp(logDelta - 15) / count, 1e-285);
  let end = whole.losses.length;
  while (end > 1 && divergences[end - 2] - pair.infinity <= budget) end--;
  let begin = 0;
  while (begin < end - 1 && 1 - tails[begin + 1] <= 1e-11 / count) begin++;
  const masses = whole.masses.slice(begin, end);
  // Nothing beyond the last point is left to spread, so its mass is what lies above it.
  const last = masses.length - 1;
  if (last > 0 && end < whole.losses.length) {
    const rise = divergences[end - 2] - divergences[end - 1];
    masses[last] = Math.max(rise / -Math.expm1(whole.losses[end - 2] - whole.losses[end - 1]), 0);
  }
  return {
    pair,
    losses: whole.losses.slice(begin, end),
    tails: tails.slice(begin, end),
    divergences: divergences.slice(begin, end),
    masses,
    logMasses: masses.map(Math.log),
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
    const term = Math.exp(exponent);
    sum += term;
    first += term * losses[i];
  }
  return { value: top + Math.log(sum), slope: first / sum };
}
