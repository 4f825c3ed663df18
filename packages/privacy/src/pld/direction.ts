/**
 * One direction of a relation: certified bounds of ε at δ and of δ at ε for a composition of pairs.
 *
 * @module
 */
import { type Curve, divergenceAbove, divergenceBelow } from './compose.ts';
import { ATTEMPTS, aligned, makeCurves, refine, TARGET_WIDTH, widened } from './curves.ts';
import { checkMass, cutParts, isSingle, mostLoss, onlyInfinity } from './parts.ts';
import { type Plan, planForDelta, planForEpsilon, type SurveyedPart } from './plan.ts';
import { epsilonAbove, epsilonBelow, slackOf } from './read.ts';
import { type Bounds, singleDelta, singleEpsilon } from './single.ts';
import { cumulant } from './survey.ts';
import type { Task } from './task.ts';
import { unresolved } from './unresolved.ts';
import { ln } from '../special/elementary.ts';

// By how much sums of largest losses may be off.
const SUM = 2 ** -40;
/** Below it δ is not told from 0. */
const LEAST_DELTA = 1e-280;

/** Where ε is if only this direction counts; `step` fixes the interval. */
export function* epsilonBounds(parts: readonly SurveyedPart[], delta: number, step?: number): Task<Bounds> {
  checkMass(parts, delta);
  const most = mostLoss(parts);
  if (!(most > 0)) return { lower: 0, upper: 0 };
  // At the largest finite loss nothing but infinite loss is left, which checkMass found below δ.
  if (delta === 0) return { lower: most * (1 - SUM), upper: most * (1 + SUM) };
  if (step === undefined && isSingle(parts)) return singleEpsilon(parts[0].survey.pair, delta);
  const cut = cutParts(parts, ln(delta));
  return yield* refine(cut, planForDelta(cut, ln(delta), TARGET_WIDTH), step, (upper, lower) => {
    const above = epsilonAbove(upper, delta);
    if (above === undefined) return undefined;
    const high = Math.min(above, most * (1 + SUM));
    return { lower: Math.min(epsilonBelow(lower, delta, high), high), upper: high };
  });
}

/**
 * An upper bound of ε alone, within about `width` of the least. `known` is an ε that needs no improvement: if this
 * direction is not above it, it is returned. `step` fixes the interval.
 */
export function* epsilonUpper(
  parts: readonly SurveyedPart[],
  delta: number,
  width: number = TARGET_WIDTH,
  known = 0,
  step?: number,
): Task<number> {
  checkMass(parts, delta);
  const most = mostLoss(parts);
  if (!(most > 0)) return 0;
  if (delta === 0) return most * (1 + SUM);
  if (known > 0 && (yield* isBelow(parts, delta, known))) return known;
  if (step === undefined && isSingle(parts)) return singleEpsilon(parts[0].survey.pair, delta).upper;
  const cut = cutParts(parts, ln(delta));
  let window: Plan = planForDelta(cut, ln(delta), width);
  let best: number | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { upper } = yield* makeCurves(cut, window, step ?? aligned(cut, window.step), true);
    const epsilon = epsilonAbove(upper, delta);
    if (epsilon !== undefined) {
      best = Math.min(best ?? Infinity, epsilon, most * (1 + SUM));
      // What is not discretization says that the window is too small.
      if (step !== undefined || !(slackOf(upper, epsilon, delta) > width * Math.max(1, epsilon)) || attempt >= 2)
        return best;
    }
    window = widened(window, window.step);
  }
  if (best === undefined) throw unresolved();
  return best;
}

/** Where δ is if only this direction counts. Refined until its logarithm is known to about 8e-4. */
export function* deltaBounds(parts: readonly SurveyedPart[], epsilon: number, step?: number): Task<Bounds> {
  if (epsilon >= mostLoss(parts) * (1 + SUM)) return onlyInfinity(parts);
  if (step === undefined && isSingle(parts)) return singleDelta(parts[0].survey.pair, epsilon);
  // What may be cut off depends on δ. Moments say too much where the tail is heavy, so coarse upper bounds follow them, until
  // what was cut for one is nothing beside it.
  let cut = cutParts(parts, 0);
  let logDelta = Math.min(0, logDeltaBound(cut, planForEpsilon(cut, epsilon, 0, TARGET_WIDTH)));
  for (let i = 0; i < 8; i++) {
    cut = cutParts(parts, logDelta);
    const plan = planForEpsilon(cut, epsilon, logDelta, 16 * TARGET_WIDTH);
    const coarse = yield* makeCurves(cut, plan, aligned(cut, plan.step), true);
    const next = ln(Math.max(divergenceAbove(coarse.upper, epsilon), LEAST_DELTA));
    if (!(next <= logDelta - 3)) break;
    logDelta = next;
  }
  const bounds = yield* refine(
    cut,
    planForEpsilon(cut, epsilon, logDelta, TARGET_WIDTH),
    step,
    (upper, lower) => ({ lower: divergenceBelow(lower, epsilon), upper: divergenceAbove(upper, epsilon) }),
    (b) => (b.upper < LEAST_DELTA ? 0 : ln(b.upper / Math.max(b.lower, 1e-300))),
  );
  return { lower: Math.min(bounds.lower, bounds.upper), upper: bounds.upper };
}

/** Whether a coarse computation already shows that δ at `rival` is at most `delta`, so that this direction is not the worse. */
export function* isBelow(parts: readonly SurveyedPart[], delta: number, rival: number): Task<boolean> {
  if (!(delta >= LEAST_DELTA && onlyInfinity(parts).upper < delta)) return false;
  if (rival >= mostLoss(parts) * (1 + SUM)) return true;
  if (isSingle(parts)) return singleDelta(parts[0].survey.pair, rival).upper <= delta;
  const cut = cutParts(parts, ln(delta));
  const plan = planForDelta(cut, ln(delta), 16 * TARGET_WIDTH);
  const made = yield* makeCurves(cut, plan, aligned(cut, plan.step), true);
  return divergenceAbove(made.upper, rival) <= delta;
}

/** Certified curves, for what needs more than one point of them; exp(logDelta) is the least probability of interest. */
export function* curvesAround(
  parts: readonly SurveyedPart[],
  plan: Plan,
  step: number | undefined,
  logDelta: number,
): Task<{ upper: Curve; lower: Curve }> {
  const cut = cutParts(parts, logDelta);
  const made = yield* makeCurves(cut, plan, step ?? aligned(cut, plan.step), false);
  return { upper: made.upper, lower: made.lower as Curve };
}

/** The bound of log δ at the plan's ε by moments. */
function logDeltaBound(parts: readonly SurveyedPart[], { theta, epsilon }: Plan): number {
  const moment = parts.reduce((sum, { survey, count }) => sum + count * cumulant(survey, theta).value, 0);
  const bound = moment - theta * epsilon;
  return bound < 0 ? bound : 0;
}
