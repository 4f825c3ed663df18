/**
 * The parameter that meets a target (ε, δ): least noise, most steps, largest sampling probability.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { checkPositive, refuse } from '@fedkit/core/internal';
import { checkDelta } from '../accountant.ts';
import { flatten } from '../event/flatten.ts';
import type { DpEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { epsilonUpper } from '../pld/direction.ts';
import { pairsOfEvent } from '../pld/pairs-of-event.ts';
import { survey } from '../pld/survey.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { decreasingRoot } from '../special/minimize.ts';
import type { AccountantKind } from '../support.ts';

/** What a calibration is to meet, and by which accountant it is measured. */
export interface CalibrationTarget {
  /** > 0. */
  readonly epsilon: number;
  /** In (0, 1). */
  readonly delta: number;
  readonly neighboring: Neighboring;
  /** Default `pld`. */
  readonly accountant?: AccountantKind;
}

// ε is measured this finely, so that the result is as fine as asked.
const WIDTH = 1e-5;
const MAX_LOG_RANGE = 46;

/** An upper bound of ε of `event`, certified for `pld`. */
function epsilonOf(event: DpEvent, { accountant, neighboring, delta }: Checked): number {
  if (accountant === 'rdp') return rdpAccountant({ neighboring }).compose(event).epsilon(delta);
  const leaves = flatten('calibrate: event', event, 1);
  const surveys = leaves.map((leaf) => pairsOfEvent(leaf.event, neighboring).map(survey));
  const directions = surveys.some(({ length }) => length === 2) ? [0, 1] : [0];
  return directions.reduce((worst, direction) => {
    const parts = leaves.map(({ count }, i) => ({ survey: surveys[i][direction] ?? surveys[i][0], count }));
    return Math.max(worst, epsilonUpper(parts, delta, WIDTH, worst));
  }, 0);
}

interface Checked {
  readonly epsilon: number;
  readonly delta: number;
  readonly neighboring: Neighboring;
  readonly accountant: AccountantKind;
}

function checkTarget(where: string, target: CalibrationTarget): Checked {
  if (typeof target !== 'object' || target === null) refuse('INVALID_ARGUMENT', where, 'an object', target);
  const accountant = target.accountant ?? 'pld';
  if (accountant !== 'pld' && accountant !== 'rdp') {
    refuse('INVALID_ARGUMENT', `${where}: accountant`, "'pld' or 'rdp'", accountant);
  }
  return {
    epsilon: checkPositive(`${where}: epsilon`, target.epsilon),
    delta: checkDelta(where, target.delta),
    neighboring: checkNeighboring(`${where}: neighboring`, target.neighboring),
    accountant,
  };
}

/**
 * The x for which ε is at most the target and which, as a factor, is at most `tolerance` from the one where it is equal.
 * `sign` is −1 if ε falls with x.
 */
function solve(
  where: string,
  epsilonAt: (x: number) => number,
  target: Checked,
  sign: 1 | -1,
  tolerance: number,
  most: number,
): number {
  // In u = ∓log x the logarithm of ε falls, whichever way x works; noise too small to account for is simply too small.
  const excess = (u: number): number => {
    const x = Math.min(Math.exp(-sign * u), most);
    try {
      return Math.log(Math.max(epsilonAt(x), 1e-12) / target.epsilon);
    } catch (error) {
      if (isFedkitError(error, 'OUT_OF_RANGE') || isFedkitError(error, 'OVERFLOW')) return 50;
      throw error;
    }
  };
  const least = most === Infinity ? -MAX_LOG_RANGE : -sign * Math.log(most);
  let high = Math.max(0, least);
  let atHigh = excess(high);
  let low = high;
  let atLow = atHigh;
  for (let stride = 1; atHigh > 0; stride = Math.min(2 * stride, 8)) {
    low = high;
    atLow = atHigh;
    high += stride;
    if (high > MAX_LOG_RANGE) {
      throw new FedkitError(
        'OUT_OF_RANGE',
        `${where}: expected a target that some parameter meets, got ε = ${target.epsilon} at δ = ${target.delta}`,
      );
    }
    atHigh = excess(high);
  }
  for (let stride = 0.5; atLow <= 0; stride = Math.min(2 * stride, 8)) {
    if (low <= least) return Math.min(Math.exp(-sign * low), most);
    high = low;
    atHigh = atLow;
    low = Math.max(low - stride, least);
    atLow = excess(low);
  }
  return Math.min(Math.exp(-sign * decreasingRoot(excess, { low, high, atLow, atHigh }, tolerance)), most);
}

/**
 * The least noise standard deviation with which `event` meets (ε, δ), in the unit of the event's own norm: ε is at most
 * the target, and the noise at most `tolerance` (default 1e-5) of itself above the least that this accountant finds.
 *
 * @param options - `event` builds everything that is released from one noise level; ε must fall with it.
 * @throws FedkitError `OUT_OF_RANGE` for a target no noise meets, `UNSUPPORTED_EVENT` for an event without a bound.
 * @complexity About ten accountings.
 * @example
 * ```ts
 * import { calibrateNoiseStd, event } from '@fedkit/privacy';
 *
 * const noiseStd = calibrateNoiseStd({
 *   epsilon: 2,
 *   delta: 1e-5,
 *   neighboring: 'add-or-remove',
 *   event: (noiseStd) => event.selfComposed(event.poissonSampled(0.01, event.gaussian({ noiseStd, recordNorm: 1 })), 1000),
 * });
 * console.log(noiseStd.toFixed(4)); // => 0.9591
 * ```
 */
export function calibrateNoiseStd(
  options: CalibrationTarget & { readonly event: (noiseStd: number) => DpEvent; readonly tolerance?: number },
): number {
  const where = 'calibrateNoiseStd';
  const target = checkTarget(where, options);
  const build = checkBuilder(where, options.event);
  const tolerance = checkPositive(`${where}: tolerance`, options.tolerance ?? 1e-5, 0.5);
  return solve(where, (noiseStd) => epsilonOf(build(noiseStd), target), target, -1, tolerance, Infinity);
}

/**
 * The largest sampling probability in (0, 1] with which `event` meets (ε, δ), at most `tolerance` (default 1e-5) of itself
 * below the largest that this accountant finds.
 *
 * @param options - `event` builds everything that is released from one probability; ε must grow with it.
 * @throws FedkitError as {@link calibrateNoiseStd}.
 */
export function calibrateSamplingProbability(
  options: CalibrationTarget & { readonly event: (probability: number) => DpEvent; readonly tolerance?: number },
): number {
  const where = 'calibrateSamplingProbability';
  const target = checkTarget(where, options);
  const build = checkBuilder(where, options.event);
  const tolerance = checkPositive(`${where}: tolerance`, options.tolerance ?? 1e-5, 0.5);
  return solve(where, (probability) => epsilonOf(build(probability), target), target, 1, tolerance, 1);
}

/**
 * How often `event` may be released within (ε, δ): the largest whole number whose ε is at most the target, 0 if not even
 * one release is.
 *
 * @throws FedkitError `UNSUPPORTED_EVENT` for an event without a bound; `OUT_OF_RANGE` if 2^40 releases stay within.
 */
export function calibrateSteps(options: CalibrationTarget & { readonly event: DpEvent }): number {
  const where = 'calibrateSteps';
  const target = checkTarget(where, options);
  const fits = (count: number): boolean => {
    try {
      const event: DpEvent = { kind: 'self-composed', event: options.event, count };
      return epsilonOf(event, target) <= target.epsilon;
    } catch (error) {
      if (isFedkitError(error, 'OUT_OF_RANGE')) return false;
      throw error;
    }
  };
  // Names a wrong event before it can be taken for one that does not fit.
  flatten(`${where}: event`, options.event, 1);
  if (!fits(1)) return 0;
  let low = 1;
  let high = 2;
  for (; fits(high); high *= 2) {
    low = high;
    if (high >= 2 ** 40)
      refuse('OUT_OF_RANGE', `${where}: epsilon`, 'a target below that of 2^40 releases', target.epsilon);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function checkBuilder<T>(where: string, build: T): T {
  if (typeof build !== 'function') refuse('INVALID_ARGUMENT', `${where}: event`, 'a function of the parameter', build);
  return build;
}
