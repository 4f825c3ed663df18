/**
 * One direction of a relation: certified bounds of ε at δ and of δ at ε for a composition of pairs.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { composeCurve, type Curve, divergenceAbove, divergenceBelow, type Part, type Window } from './compose.ts';
import { type LatticeMasses, lowerMasses, type SampledTails, sampleTails, upperMasses } from './lattice.ts';
import { type DominatingPair, EVALUATION_ERROR, newTails } from './pair.ts';
import { LARGE_EPSILON, type Plan, planForDelta, planForEpsilon, type SurveyedPart } from './plan.ts';
import { cumulant, cutSurvey, type Survey } from './survey.ts';

/** A certified interval. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

// Widths aimed at, and accepted without another try; of ε, and of log δ. Relative beyond ε = 200.
const TARGET_WIDTH = 4e-4;
const ACCEPTED_WIDTH = 8e-4;
const MAX_POINTS = 1 << 21;
const MAX_WINDOW = 1 << 22;
const ATTEMPTS = 6;
const SCAN = 96;

/** Where ε is if only this direction counts; `step` fixes the interval. */
export function epsilonBounds(parts: readonly SurveyedPart[], delta: number, step?: number): Bounds {
  checkMass(parts, delta);
  if (mostLoss(parts) <= 0) return { lower: 0, upper: 0 };
  if (step === undefined && isSingle(parts)) return singleEpsilon(parts[0].survey.pair, delta);
  const cut = cutParts(parts, Math.log(delta));
  return refined(cut, planForDelta(cut, Math.log(delta), TARGET_WIDTH), step, (upper, lower) => {
    const above = epsilonAbove(upper, delta);
    if (above === undefined) return undefined;
    // At the largest finite loss nothing but infinite loss is left, which checkMass found below δ.
    const high = Math.min(above, mostLoss(parts) * (1 + 2 ** -40));
    return { lower: Math.min(epsilonBelow(lower, delta), high), upper: high };
  });
}

/**
 * An upper bound of ε alone, within about `width` of the least. `known` is an ε that needs no improvement: if this
 * direction is not above it, it is returned.
 */
export function epsilonUpper(parts: readonly SurveyedPart[], delta: number, width: number, known: number): number {
  checkMass(parts, delta);
  if (mostLoss(parts) <= 0) return 0;
  if (known > 0 && isBelow(parts, delta, known)) return known;
  if (isSingle(parts)) return singleEpsilon(parts[0].survey.pair, delta).upper;
  const cut = cutParts(parts, Math.log(delta));
  let window: Plan = planForDelta(cut, Math.log(delta), width);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const epsilon = epsilonAbove(curves(cut, window, aligned(cut, window.step), true).upper, delta);
    if (epsilon !== undefined) return Math.min(epsilon, mostLoss(parts) * (1 + 2 ** -40));
    const room = Math.max(window.high - window.low, window.step);
    window = { ...window, low: window.low - room, high: window.high + room };
  }
  throw unresolved();
}

/** Where δ is if only this direction counts. Refined until its logarithm is known to about 8e-4. */
export function deltaBounds(parts: readonly SurveyedPart[], epsilon: number, step?: number): Bounds {
  if (step === undefined && isSingle(parts)) return singleDelta(parts[0].survey.pair, epsilon);
  if (epsilon >= mostLoss(parts) * (1 + 2 ** -40)) return onlyInfinity(parts);
  // What may be cut off depends on δ. Moments say too much where the tail is heavy, so coarse upper bounds follow them, until
  // what was cut for one is nothing beside it.
  let cut = cutParts(parts, 0);
  let logDelta = Math.min(0, logDeltaBound(cut, planForEpsilon(cut, epsilon, 0, TARGET_WIDTH)));
  for (let i = 0; i < 8; i++) {
    cut = cutParts(parts, logDelta);
    const plan = planForEpsilon(cut, epsilon, logDelta, 16 * TARGET_WIDTH);
    const coarse = curves(cut, plan, aligned(cut, plan.step), true);
    const next = Math.log(Math.max(divergenceAbove(coarse.upper, epsilon), 1e-280));
    if (next > logDelta - 3) break;
    logDelta = next;
  }
  const bounds = refined(
    cut,
    planForEpsilon(cut, epsilon, logDelta, TARGET_WIDTH),
    step,
    (upper, lower) => ({ lower: divergenceBelow(lower, epsilon), upper: divergenceAbove(upper, epsilon) }),
    (b) => (b.upper < 1e-280 ? 0 : Math.log(b.upper / Math.max(b.lower, 1e-300))),
  );
  return { lower: Math.min(bounds.lower, bounds.upper), upper: bounds.upper };
}

/** Whether a coarse computation already shows that δ at `rival` is at most `delta`, so that this direction is not the worse. */
export function isBelow(parts: readonly SurveyedPart[], delta: number, rival: number): boolean {
  if (delta < 1e-280) return false;
  if (onlyInfinity(parts).upper >= delta) return false;
  if (rival >= mostLoss(parts) * (1 + 2 ** -40)) return true;
  if (isSingle(parts)) return singleDelta(parts[0].survey.pair, rival).upper <= delta;
  const cut = cutParts(parts, Math.log(delta));
  const plan = planForDelta(cut, Math.log(delta), 16 * TARGET_WIDTH);
  const made = curves(cut, plan, aligned(cut, plan.step), true);
  return divergenceAbove(made.upper, rival) <= delta;
}

/** Certified curves, for what needs more than one point of them; exp(logDelta) is the least probability of interest. */
export function curvesAround(
  parts: readonly SurveyedPart[],
  plan: Plan,
  step: number | undefined,
  logDelta: number,
): { upper: Curve; lower: Curve } {
  const cut = cutParts(parts, logDelta);
  const made = curves(cut, plan, step ?? aligned(cut, plan.step), false);
  return { upper: made.upper, lower: made.lower as Curve };
}

function refined(
  parts: readonly SurveyedPart[],
  plan: Plan,
  fixed: number | undefined,
  read: (upper: Curve, lower: Curve) => Bounds | undefined,
  widthOf: (bounds: Bounds) => number = (b) => b.upper - b.lower,
): Bounds {
  let window: Window = plan;
  let step = fixed ?? plan.step;
  let best: Bounds | undefined;
  let last = Infinity;
  let stalls = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { upper, lower } = curves(parts, window, fixed ?? aligned(parts, step), false);
    const bounds = read(upper, lower as Curve);
    if (bounds === undefined) {
      // ε left the window: twice the room on both sides.
      const room = Math.max(window.high - window.low, step);
      window = { ...window, low: window.low - room, high: window.high + room };
      continue;
    }
    best =
      best === undefined
        ? bounds
        : { lower: Math.max(best.lower, bounds.lower), upper: Math.min(best.upper, bounds.upper) };
    const width = widthOf(best) / Math.max(1, window.epsilon / LARGE_EPSILON);
    if (fixed !== undefined || width <= ACCEPTED_WIDTH) break;
    // Where round-off or a far tail makes the width, a finer interval does not help.
    if (width > 0.8 * last && ++stalls === 2) break;
    last = width;
    const wanted = step * Math.min(0.6, Math.max(0.1, 0.8 * Math.sqrt(TARGET_WIDTH / width)));
    const next = Math.max(wanted, (window.high - window.low) / (MAX_WINDOW / 2));
    if (next > 0.9 * step) break;
    step = next;
  }
  if (best === undefined) throw unresolved();
  return best;
}

function curves(
  parts: readonly SurveyedPart[],
  window: Window,
  wanted: number,
  upperOnly: boolean,
): { upper: Curve; lower: Curve | undefined } {
  const widest = parts.reduce((max, { survey }) => Math.max(max, highest(survey) - survey.losses[0]), 0);
  const step = Math.max(wanted, widest / MAX_POINTS, (window.high - window.low) / MAX_WINDOW);
  const upper: Part[] = [];
  const lower: Part[] = [];
  for (const { survey, count } of parts) {
    const origin = survey.pair.atoms[0] ?? 0;
    const tails: SampledTails = sampleTails(survey.pair, origin, step, survey.losses[0], highest(survey));
    const moment = cumulant(survey, window.theta).value;
    const part = (lattice: LatticeMasses): Part => ({ lattice, count, cumulant: moment });
    upper.push(part(upperMasses(tails)));
    if (!upperOnly) lower.push(part(lowerMasses(tails, window.theta)));
  }
  return { upper: composeCurve(upper, window), lower: upperOnly ? undefined : composeCurve(lower, window) };
}

/** The interval made to fit the two heaviest atoms of the first pair that has them, unless they lie denser than it. */
function aligned(parts: readonly SurveyedPart[], step: number): number {
  for (const { survey } of parts) {
    const [first, second] = survey.pair.atoms;
    if (second === undefined) continue;
    const gap = Math.abs(second - first);
    // An even number of intervals between them leaves a third atom in the middle on the lattice too.
    if (gap > 0.5 * step) return gap / (2 * Math.max(1, Math.ceil((0.5 * gap) / step)));
  }
  return step;
}

/** The largest finite loss of the composition. */
function mostLoss(parts: readonly SurveyedPart[]): number {
  return parts.reduce((sum, { survey, count }) => sum + count * survey.pair.maximum, 0);
}

/** δ at an ε that no finite loss reaches. */
function onlyInfinity(parts: readonly SurveyedPart[]): Bounds {
  const log = parts.reduce((sum, { survey, count }) => sum + count * Math.log1p(-survey.pair.infinity), 0);
  const infinity = -Math.expm1(log);
  return { lower: infinity * (1 - 2 ** -40), upper: infinity * (1 + 2 ** -40) };
}

function isSingle(parts: readonly SurveyedPart[]): boolean {
  return parts.length === 1 && parts[0].count === 1;
}

/** δ of one pair, alone: its closed form, with the error that evaluations may have. */
function singleDelta(pair: DominatingPair, epsilon: number): Bounds {
  const out = newTails();
  pair.evaluate(epsilon, out);
  const error = 2 * EVALUATION_ERROR * out.p;
  return { lower: Math.max(out.divergence - error, 0), upper: Math.min(out.divergence + error, 1) };
}

/** ε of one pair, alone, by bisection on its closed form. */
function singleEpsilon(pair: DominatingPair, delta: number): Bounds {
  const crossing = (side: 'lower' | 'upper'): number => {
    if (singleDelta(pair, 0)[side] <= delta) return 0;
    let high = 1e-6;
    while (singleDelta(pair, high)[side] > delta && high < pair.maximum) high *= 2;
    high = Math.min(high, pair.maximum);
    let low = 0;
    for (let i = 0; i < 100 && high - low > 1e-15 * high; i++) {
      const middle = 0.5 * (low + high);
      if (singleDelta(pair, middle)[side] > delta) low = middle;
      else high = middle;
    }
    return side === 'upper' ? high : low;
  };
  return { lower: crossing('lower'), upper: crossing('upper') };
}

function unresolved(): FedkitError {
  return new FedkitError('OVERFLOW', 'pldAccountant: expected an ε that float64 resolves, got none');
}

function cutParts(parts: readonly SurveyedPart[], logDelta: number): SurveyedPart[] {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  return parts.map(({ survey, count }) => ({ survey: cutSurvey(survey, logDelta, total), count }));
}

function highest({ losses }: Survey): number {
  return losses[losses.length - 1];
}

function checkMass(parts: readonly SurveyedPart[], delta: number): void {
  const infinity = onlyInfinity(parts).upper;
  if (delta <= infinity) {
    throw new FedkitError(
      'OUT_OF_RANGE',
      `pldAccountant: expected δ above ${infinity}, the probability of an infinite loss, below which no ε is finite; got ${delta}`,
      { details: { delta, infinity } },
    );
  }
}

/** The bound of log δ at the plan's ε by moments. */
function logDeltaBound(parts: readonly SurveyedPart[], { theta, epsilon }: Plan): number {
  const moment = parts.reduce((sum, { survey, count }) => sum + count * cumulant(survey, theta).value, 0);
  return moment - theta * epsilon;
}

/** The smallest ε ≥ 0 in the window at which the upper curve is ≤ δ; undefined if the window has none, or starts with it. */
function epsilonAbove(curve: Curve, delta: number): number | undefined {
  const end = curve.start + (curve.tails.length - 1) * curve.step;
  if (divergenceAbove(curve, Math.max(end, 0)) > delta) return undefined;
  let low = Math.max(curve.start, 0);
  if (divergenceAbove(curve, low) <= delta) return low === 0 ? 0 : undefined;
  let high = Math.max(end, 0);
  while (high - low > 1e-13 * Math.max(high, 1e-3)) {
    const middle = 0.5 * (low + high);
    if (middle === low || middle === high) break;
    if (divergenceAbove(curve, middle) <= delta) high = middle;
    else low = middle;
  }
  return high;
}

/** The largest ε ≥ 0 known to have a divergence above δ; 0 if none is. */
function epsilonBelow(curve: Curve, delta: number): number {
  const start = Math.max(curve.start, 0);
  const end = Math.max(curve.start + (curve.tails.length - 1) * curve.step, 0);
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
