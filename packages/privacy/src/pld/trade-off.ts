/**
 * The trade-off curve: what an adversary who tells neighbours apart can reach (Dong, Roth and Su 2022).
 *
 * @module
 */
import { type Curve, divergenceAbove, divergenceBelow } from './compose.ts';
import { curvesAround } from './direction.ts';
import { planForFalsePositives, type SurveyedPart } from './plan.ts';
import type { Bounds } from './single.ts';
import type { Task } from './task.ts';
import { exp, ln } from '../special/elementary.ts';

/**
 * Bounds of the true positive rate of the best test with the false positive rate α: the least over ε of δ(ε) + exp(ε)·α.
 * Every ε gives an upper bound; between entries of the lower curve its terms are linear and concave in exp(ε), so that
 * the least is at an entry.
 */
export function* truePositiveRate(
  parts: readonly SurveyedPart[],
  alpha: number,
  step: number | undefined,
): Task<Bounds> {
  const { upper, lower } = yield* curvesAround(parts, planForFalsePositives(parts, ln(alpha)), step, ln(alpha));
  return { lower: leastBelow(lower, alpha), upper: leastAbove(upper, alpha) };
}

function leastAbove(curve: Curve, alpha: number): number {
  let least = 1;
  for (let i = 0; i < curve.tails.length; i++) {
    const epsilon = curve.start + i * curve.step;
    const bound = divergenceAbove(curve, epsilon) + exp(epsilon) * alpha;
    if (bound < least) least = bound;
  }
  return least;
}

function leastBelow(curve: Curve, alpha: number): number {
  const size = curve.tails.length - 1;
  // Left of the window the divergence is at least what it is at its start, right of it at least 0.
  let least = Math.min(1, divergenceBelow(curve, curve.start), exp(curve.start + size * curve.step) * alpha);
  for (let i = 0; i <= size; i++) {
    const epsilon = curve.start + i * curve.step;
    least = Math.min(least, divergenceBelow(curve, epsilon) + exp(epsilon) * alpha);
  }
  return least > alpha ? least : alpha;
}
