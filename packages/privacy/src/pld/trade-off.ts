/**
 * The trade-off curve: what an adversary who tells neighbours apart can reach (Dong, Roth and Su 2022).
 *
 * @module
 */
import { checkNumber } from '@fedkit/core/internal';
import { checkPld, type PldAccountant } from './accountant.ts';
import { type Curve, divergenceAbove, divergenceBelow } from './compose.ts';
import { type Composition, intersect, worstOf } from './composition.ts';
import { curvesAround } from './direction.ts';
import { isSingle } from './parts.ts';
import { planForFalsePositives, type SurveyedPart } from './plan.ts';
import { type Bounds, gaussianPower } from './single.ts';
import { runTask, type Task } from './task.ts';
import { exp, ln } from '../special/elementary.ts';

/**
 * Certified bounds of the largest true positive rate that any test of neighbours has at `falsePositiveRate`, in (0, 1]: the
 * trade-off curve of hypothesis testing.
 *
 * @param accountant - Of {@link pldAccountant}.
 * @throws FedkitError `OUT_OF_RANGE` for a rate below 1e-250 or above 1, `OVERFLOW` where float64 cannot tell.
 * @example
 * ```ts
 * import { event, pldAccountant, truePositiveRate } from '@fedkit/privacy';
 *
 * const accountant = pldAccountant({ neighboring: 'add-or-remove' });
 * accountant.compose(event.gaussian({ noiseStd: 2, recordNorm: 1 }));
 * console.log(truePositiveRate(accountant, 0.05).upper.toFixed(3)); // => 0.126
 * ```
 */
export function truePositiveRate(
  accountant: PldAccountant,
  falsePositiveRate: number,
): { readonly lower: number; readonly upper: number } {
  const where = 'truePositiveRate';
  const composition = checkPld(where, accountant).compositionOrNothing();
  checkNumber(`${where}: falsePositiveRate`, falsePositiveRate, 1e-250, 1);
  if (falsePositiveRate === 1 || composition === undefined) {
    return { lower: falsePositiveRate, upper: falsePositiveRate };
  }
  return runTask(ratesOf(composition, falsePositiveRate));
}

function* ratesOf({ directions, ratio, step }: Composition, rate: number): Task<Bounds> {
  const [parts] = directions;
  const only = isSingle(parts) ? parts[0].survey.pair.gaussianRatio : undefined;
  if (only !== undefined) return gaussianPower(only, rate);
  const bounds = yield* worstOf(
    directions,
    (direction) => rateOf(direction, rate, step),
    () => undefined,
  );
  const upper = ratio === undefined ? 1 : gaussianPower(ratio, rate).upper;
  return intersect(bounds, { lower: rate, upper });
}

/**
 * Bounds of the true positive rate of the best test with the false positive rate α: the least over ε of δ(ε) + exp(ε)·α.
 * Every ε gives an upper bound; between entries of the lower curve its terms are linear and concave in exp(ε), so that
 * the least is at an entry.
 */
function* rateOf(parts: readonly SurveyedPart[], alpha: number, step: number | undefined): Task<Bounds> {
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
