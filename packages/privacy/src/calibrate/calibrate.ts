/**
 * The parameter that meets a target (ε, δ): least noise, most steps, largest sampling probability.
 *
 * A calibration believes nothing but a bracket: ε was computed on both sides of the answer, one meets the target and the
 * other, closer than the tolerance, does not; and nothing computed on the way contradicts that ε works one way.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { checkPositive, refuse, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { checkDelta } from '../accountant.ts';
import { flatten } from '../event/flatten.ts';
import { selfComposed } from '../event/kinds/composed.ts';
import type { DpEvent, LeafEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { Composition } from '../pld/composition.ts';
import { pairsOfEvent } from '../pld/pairs-of-event.ts';
import { type Survey, survey } from '../pld/survey.ts';
import { runTask } from '../pld/task.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { decreasingRoot } from '../special/minimize.ts';
import type { AccountantKind } from '../support.ts';
import { exp, ln } from '../special/elementary.ts';

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

const TARGET: OptionNames<CalibrationTarget> = { epsilon: true, delta: true, neighboring: true, accountant: true };

// ε is measured this finely, so that the result is as fine as asked; and so coarsely, beside the target, on the way there.
const WIDTH = 1e-5;
const COARSE_SHARE = 5e-3;
const COARSEST = 2e-3;
/** Noise is looked for between 1e-9 and 1e9 norms, all that events accept. */
const MAX_LOG_RANGE = ln(1e9);
/** By how much, as a factor, ε may rise where it should fall, which is what it is measured to. */
const ROUGHNESS = 2e-3;

/** An upper bound of ε of `event`, certified for `pld`, within about `width` of the least. */
function epsilonOf(event: DpEvent, { accountant, neighboring, delta }: Checked, width: number): number {
  if (accountant === 'rdp') return rdpAccountant({ neighboring }).compose(event).epsilon(delta);
  const leaves = flatten('calibrate: event', event, 1);
  const surveys = new Map<string, readonly Survey[]>();
  for (const leaf of leaves) surveys.set(leaf.key, pairsOfEvent(leaf.event, neighboring).map(survey));
  const composition = new Composition(leaves, (key) => surveys.get(key) as readonly Survey[], neighboring, undefined);
  return runTask(composition.epsilonUpper(delta, width));
}

/** The width to measure ε to while its root is looked for. */
function coarseWidth({ accountant, epsilon }: Checked): number {
  return accountant === 'rdp' ? WIDTH : Math.max(WIDTH, Math.min(COARSE_SHARE * epsilon, COARSEST));
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

/** Whether a computation was refused because its parameter is too costly, or too extreme to account for. */
function isTooCostly(error: unknown): boolean {
  return isFedkitError(error, 'OUT_OF_RANGE') || isFedkitError(error, 'OVERFLOW');
}

/** log(ε / target) as a function of u, which falls, by remembering every value and refusing one that contradicts the others. */
class Excess {
  readonly #where: string;
  readonly #epsilonAt: (u: number) => number;
  readonly #target: number;
  readonly #seen: { readonly u: number; readonly value: number }[] = [];

  constructor(where: string, epsilonAt: (u: number) => number, target: number) {
    this.#where = where;
    this.#epsilonAt = epsilonAt;
    this.#target = target;
  }

  at(u: number): number {
    const known = this.#seen.find((other) => other.u === u);
    if (known !== undefined) return known.value;
    const value = this.#measure(u);
    for (const other of this.#seen) {
      const [left, right] = other.u < u ? [other.value, value] : [value, other.value];
      // Far from the target nothing is measured finely, and nothing depends on it.
      const decides = left <= 0 && right > 0;
      if (other.u !== u && (decides || right > left + ROUGHNESS) && Math.min(Math.abs(left), Math.abs(right)) < 30) {
        refuse(
          'INVALID_ARGUMENT',
          `${this.#where}: event`,
          'an ε that works one way in the parameter',
          'one that does not',
        );
      }
    }
    this.#seen.push({ u, value });
    return value;
  }

  /** The slope between the two values nearest to u. */
  slopeAt(u: number): number {
    const [first, second] = [...this.#seen].sort((a, b) => Math.abs(a.u - u) - Math.abs(b.u - u));
    return (second.value - first.value) / (second.u - first.u);
  }

  #measure(u: number): number {
    try {
      const value = ln(Math.max(this.#epsilonAt(u), 1e-12) / this.#target);
      // NaN is no proof of anything.
      return Number.isNaN(value) ? 50 : value;
    } catch (error) {
      if (isTooCostly(error)) return 50;
      throw error;
    }
  }
}

/** Where to look: from `start`, between two ends, and what is answered where an end is no bracket. */
interface Search {
  readonly start: number;
  readonly least: number;
  readonly most: number;
  readonly refusal: (end: 'least' | 'most') => number;
}

interface Bracket {
  readonly low: number;
  readonly high: number;
  readonly atLow: number;
  readonly atHigh: number;
}

/** Two neighbours of the start with an excess above 0 and at most 0, looked for in growing strides; or what an end answers. */
function bracket(excess: Excess, { start, least, most, refusal }: Search, first: number): Bracket | number {
  let high = start;
  let atHigh = excess.at(high);
  let low = high;
  let atLow = atHigh;
  for (let stride = first; atHigh > 0; stride = Math.min(2 * stride, 8)) {
    if (high >= most) return refusal('most');
    low = high;
    atLow = atHigh;
    high = Math.min(high + stride, most);
    atHigh = excess.at(high);
  }
  for (let stride = first; atLow <= 0; stride = Math.min(2 * stride, 8)) {
    if (low <= least) return refusal('least');
    high = low;
    atHigh = atLow;
    low = Math.max(low - stride, least);
    atLow = excess.at(low);
  }
  return { low, high, atLow, atHigh };
}

/**
 * The u, in [least, most], at most `tolerance` above the one where the excess is 0. A coarse measure finds where that is; the fine
 * one, whose root is near, is asked twice for a secant, and on both sides of where that points.
 */
function solve(
  measure: (width: number) => Excess,
  widths: readonly [number, number],
  search: Search,
  tolerance: number,
) {
  const [coarse, fine] = widths;
  const excess = measure(coarse);
  const wide = bracket(excess, search, 0.5);
  if (typeof wide === 'number') return wide;
  if (coarse === fine) return decreasingRoot((u) => excess.at(u), wide, tolerance);

  const near = decreasingRoot((u) => excess.at(u), wide, Math.max(tolerance, COARSE_SHARE));
  const exact = measure(fine);
  const within = (u: number): number => Math.min(Math.max(u, search.least), search.most);
  const first = exact.at(near);
  const second = within(near - Math.min(Math.max(first / excess.slopeAt(near), -1), 1));
  const slope = (exact.at(second) - first) / (second - near);
  const root = second === near ? near : second - exact.at(second) / slope;
  const start = within((Number.isFinite(root) ? root : near) + 0.45 * tolerance);
  const narrow = bracket(exact, { ...search, start }, 0.9 * tolerance);
  return typeof narrow === 'number' ? narrow : decreasingRoot((u) => exact.at(u), narrow, tolerance);
}

/**
 * The least noise standard deviation with which `event` meets (ε, δ), in the unit of the event's own norm: ε is at most
 * the target, and the noise at most `tolerance` (default 1e-5) of itself above the least that this accountant finds. The
 * search begins at the norm of the event, and the answer is checked: slightly less noise does not meet the target.
 *
 * @param options - `event` builds everything that is released from one noise level; ε must fall with it.
 * @throws FedkitError `OUT_OF_RANGE` for a target that no noise from 1e-9 to 1e9 norms meets, or that the least of them meets
 * already; `INVALID_ARGUMENT` if ε does not fall with the noise; `UNSUPPORTED_EVENT` for an event without a bound.
 * @complexity About ten coarse accountings and four fine ones.
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
  checkOptions(where, options, { ...TARGET, event: true, tolerance: true } satisfies OptionNames<typeof options>);
  const target = checkTarget(where, options);
  const build = checkBuilder(where, options.event);
  const tolerance = checkPositive(`${where}: tolerance`, options.tolerance ?? 1e-5, 0.5);
  const start = ln(normOf(build));
  const u = solve(
    (width) => new Excess(where, (at) => epsilonOf(build(exp(at)), target, width), target.epsilon),
    [coarseWidth(target), WIDTH],
    {
      start,
      least: start - MAX_LOG_RANGE,
      most: start + MAX_LOG_RANGE,
      refusal: (end) =>
        end === 'most'
          ? outOfReach(where, target)
          : refuse(
              'OUT_OF_RANGE',
              `${where}: epsilon`,
              'a target that 1e-9 norms of noise do not meet',
              target.epsilon,
            ),
    },
    tolerance,
  );
  return exp(u);
}

/**
 * The largest sampling probability in (0, 1] with which `event` meets (ε, δ), at most `tolerance` (default 1e-5) of itself
 * below the largest that this accountant finds; checked as by {@link calibrateNoiseStd}, but for 1, above which there is none.
 *
 * @param options - `event` builds everything that is released from one probability; ε must grow with it.
 * @throws FedkitError as {@link calibrateNoiseStd}.
 */
export function calibrateSamplingProbability(
  options: CalibrationTarget & { readonly event: (probability: number) => DpEvent; readonly tolerance?: number },
): number {
  const where = 'calibrateSamplingProbability';
  checkOptions(where, options, { ...TARGET, event: true, tolerance: true } satisfies OptionNames<typeof options>);
  const target = checkTarget(where, options);
  const build = checkBuilder(where, options.event);
  const tolerance = checkPositive(`${where}: tolerance`, options.tolerance ?? 1e-5, 0.5);
  const probability = (u: number): number => Math.min(exp(-u), 1);
  const u = solve(
    (width) => new Excess(where, (at) => epsilonOf(build(probability(at)), target, width), target.epsilon),
    [coarseWidth(target), WIDTH],
    { start: 0, least: 0, most: 2 * MAX_LOG_RANGE, refusal: (end) => (end === 'most' ? outOfReach(where, target) : 0) },
    tolerance,
  );
  return probability(u);
}

/**
 * How often `event` may be released within (ε, δ): the largest whole number whose ε is at most the target, 0 if not even
 * one release is. One release more was computed too, and is not within it.
 *
 * @throws FedkitError `UNSUPPORTED_EVENT` for an event without a bound; `OUT_OF_RANGE` if 2^40 releases stay within.
 */
export function calibrateSteps(options: CalibrationTarget & { readonly event: DpEvent }): number {
  const where = 'calibrateSteps';
  checkOptions(where, options, { ...TARGET, event: true } satisfies OptionNames<typeof options>);
  const target = checkTarget(where, options);
  const fits = (count: number, width: number): boolean => {
    try {
      return epsilonOf(selfComposed(options.event, count), target, width) <= target.epsilon;
    } catch (error) {
      if (isTooCostly(error)) return false;
      throw error;
    }
  };
  // Names a wrong event before it can be taken for one that does not fit.
  flatten(`${where}: event`, options.event, 1);
  const coarse = coarseWidth(target);
  let low = 0;
  let high = 1;
  for (; fits(high, coarse); high *= 2) {
    low = high;
    if (high >= 2 ** 40)
      refuse('OUT_OF_RANGE', `${where}: epsilon`, 'a target below that of 2^40 releases', target.epsilon);
  }
  // What a coarse upper bound shows to fit does; what it does not may still.
  const resolution = Math.floor((high * COARSE_SHARE) / 4);
  while (high - low > 1 + resolution) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle, coarse)) low = middle;
    else high = middle;
  }
  if (coarse === WIDTH) return low;
  for (let stride = 1; fits(high, WIDTH); stride *= 2) {
    low = high;
    high += stride;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle, WIDTH)) low = middle;
    else high = middle;
  }
  return low;
}

function outOfReach(where: string, { epsilon, delta }: Checked): never {
  throw new FedkitError(
    'OUT_OF_RANGE',
    `${where}: expected a target that some parameter meets, got ε = ${epsilon} at δ = ${delta}`,
  );
}

/** The largest norm in what `build` makes, at whichever noise it makes anything. */
function normOf(build: (noiseStd: number) => DpEvent): number {
  let refused: unknown;
  for (let power = 0; power <= 300; power += 15) {
    for (const noiseStd of power === 0 ? [1] : [10 ** power, 10 ** -power]) {
      try {
        const norms = flatten('calibrateNoiseStd: event', build(noiseStd), 1).map(({ event }) => leafNorm(event));
        const norm = norms.reduce((most, leaf) => Math.max(most, leaf), 0);
        return norm > 0 ? norm : noiseStd;
      } catch (error) {
        if (!isTooCostly(error)) throw error;
        refused ??= error;
      }
    }
  }
  throw refused;
}

function leafNorm(event: LeafEvent): number {
  if ('event' in event) return leafNorm(event.event as LeafEvent);
  if ('recordNorm' in event) return event.recordNorm;
  if ('norms' in event) return event.norms.reduce((most, norm) => Math.max(most, norm), 0);
  return 0;
}

function checkBuilder<T>(where: string, build: T): T {
  if (typeof build !== 'function') refuse('INVALID_ARGUMENT', `${where}: event`, 'a function of the parameter', build);
  return build;
}
