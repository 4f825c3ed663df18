/**
 * Certified curves of the divergence of a composition, and refining them until an interval is narrow.
 *
 * @module
 */
import { composeCurve, type Curve, type Part, type Window } from './compose.ts';
import { lowerMasses, sampleTails, upperMasses } from './lattice.ts';
import { roundsOf } from './parts.ts';
import { coarser, LARGE_EPSILON, type Plan, type SurveyedPart } from './plan.ts';
import type { Bounds } from './single.ts';
import { cumulant } from './survey.ts';
import type { Task } from './task.ts';
import { unresolved } from './unresolved.ts';

// Widths aimed at, and accepted without another try; of ε, and of log δ. Relative beyond ε = 200.
export const TARGET_WIDTH = 4e-4;
const ACCEPTED_WIDTH = 8e-4;
/** Places of a lattice are 32-bit integers. */
const MAX_POINTS = 1 << 29;
const MAX_WINDOW = 1 << 22;
export const ATTEMPTS = 6;
const WIDENINGS = 2;
const HOPELESS_WIDTH = 100 * ACCEPTED_WIDTH;

/** A curve from above, and unless `upperOnly` one from below, over a window and with about the interval wanted. */
export function* makeCurves(
  parts: readonly SurveyedPart[],
  window: Window,
  wanted: number,
  upperOnly: boolean,
): Task<{ upper: Curve; lower: Curve | undefined }> {
  const widest = parts.reduce(
    (most, { survey: { losses } }) => Math.max(most, losses[losses.length - 1] - losses[0]),
    0,
  );
  const step = Math.max(wanted, widest / MAX_POINTS, (window.high - window.low) / MAX_WINDOW);
  if (!(step > 0 && step < Infinity)) throw unresolved();
  const rounds = roundsOf(parts);
  const upper: Part[] = [];
  const lower: Part[] = [];
  for (const { survey, count } of parts) {
    const origin = survey.pair.atoms[0] ?? 0;
    const tails = yield* sampleTails(survey, { origin, step, theta: window.theta, rounds });
    const moment = cumulant(survey, window.theta).value;
    upper.push({ lattice: upperMasses(tails), count, cumulant: moment });
    if (!upperOnly) lower.push({ lattice: lowerMasses(tails, window.theta), count, cumulant: moment });
    yield;
  }
  return {
    upper: yield* composeCurve(upper, window),
    lower: upperOnly ? undefined : yield* composeCurve(lower, window),
  };
}

/** The interval made to fit the two heaviest atoms of the first pair that has them, unless they lie denser than it. */
export function aligned(parts: readonly SurveyedPart[], step: number): number {
  for (const { survey } of parts) {
    const [first, second] = survey.pair.atoms;
    if (second === undefined) continue;
    const gap = Math.abs(second - first);
    // An even number of intervals between them leaves a third atom in the middle on the lattice too.
    if (gap > 0.5 * step) return gap / (2 * Math.max(1, Math.ceil((0.5 * gap) / step)));
  }
  return step;
}

/** `window` with as much room again on both sides. */
export function widened<W extends Window>(window: W, step: number): W {
  const room = Math.max(window.high - window.low, step);
  return { ...window, low: window.low - room, high: window.high + room };
}

/** Reads bounds from curves of ever finer interval until they are narrow, or finer does not help. */
export function* refine(
  parts: readonly SurveyedPart[],
  plan: Plan,
  fixed: number | undefined,
  read: (upper: Curve, lower: Curve) => Bounds | undefined,
  widthOf: (bounds: Bounds) => number = (b) => b.upper - b.lower,
): Task<Bounds> {
  let window: Window = plan;
  // Where atoms lie on the lattice, a coarse one says as much as a fine one.
  let step = fixed ?? coarser(plan).step;
  let best: Bounds | undefined;
  let last = Infinity;
  let stalls = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { upper, lower } = yield* makeCurves(parts, window, fixed ?? aligned(parts, step), false);
    const bounds = read(upper, lower as Curve);
    if (bounds === undefined) {
      // ε left the window.
      if (attempt >= WIDENINGS) break;
      window = widened(window, step);
      continue;
    }
    best =
      best === undefined
        ? bounds
        : { lower: Math.max(best.lower, bounds.lower), upper: Math.min(best.upper, bounds.upper) };
    const width = widthOf(best) / Math.max(1, window.epsilon / LARGE_EPSILON);
    if (fixed !== undefined || width <= ACCEPTED_WIDTH) break;
    // Where round-off or a far tail makes the width, a finer interval does not help.
    const isStalled = !(width <= 0.8 * last) && ++stalls === 2;
    // An attempt narrows it to a hundredth at most.
    if (isStalled || (attempt >= 1 && !(width <= HOPELESS_WIDTH))) {
      // Nothing is given up coarser than it was planned.
      if (!(plan.step <= 0.9 * step)) break;
      step = plan.step;
      continue;
    }
    last = width;
    const wanted = step * Math.min(0.6, Math.max(0.1, 0.8 * Math.sqrt(TARGET_WIDTH / width)));
    const next = Math.max(wanted, (window.high - window.low) / (MAX_WINDOW / 2));
    if (!(next <= 0.9 * step)) break;
    step = next;
  }
  if (best === undefined) throw unresolved();
  return best;
}
