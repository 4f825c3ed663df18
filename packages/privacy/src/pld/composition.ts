/**
 * Everything composed, in both directions of the relation, and what is known of it besides its loss distribution.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';
import { type CountedEvent, sortedByKey } from '../event/flatten.ts';
import { knownOf } from '../event/kind.ts';
import type { Neighboring } from '../neighboring.ts';
import { infinityOfParts, type RenyiPart, renyiDelta, renyiEpsilon, searchedDivergence } from '../rdp/bounds.ts';
import { hasSupport } from '../support.ts';
import { deltaBounds, epsilonBounds, epsilonUpper, isBelow } from './direction.ts';
import { mergeGaussians, roundsOf } from './parts.ts';
import type { SurveyedPart } from './plan.ts';
import { type Bounds, gaussianDeltaBounds, gaussianEpsilonBounds, singleDelta, singleEpsilon } from './single.ts';
import type { Survey } from './survey.ts';
import type { Task } from './task.ts';
import { unresolved } from './unresolved.ts';

/** Bounds of ε so close that the loss distribution has nothing to add. */
const NARROW = 2 ** -32;
const NOTHING_KNOWN: Bounds = { lower: 0, upper: Infinity };

/**
 * A composition to be asked. Every answer is the loss distribution's, intersected with what costs little: the Rényi bound and
 * that of the Gaussian without sampling from above, one release alone from below. Where float64 leaves the loss
 * distribution unresolved, these alone answer.
 */
export class Composition {
  readonly directions: readonly (readonly SurveyedPart[])[];
  /** The unsampled Gaussian that dominates all of it, if all of it is of that family. */
  readonly ratio: number | undefined;
  readonly #renyi: readonly RenyiPart[] | undefined;
  readonly step: number | undefined;

  constructor(
    entries: readonly CountedEvent[],
    surveysOf: (key: string) => readonly Survey[],
    neighboring: Neighboring,
    step: number | undefined,
  ) {
    this.step = step;
    const surveys = entries.map(({ key }) => surveysOf(key));
    const directions = surveys.some(({ length }) => length === 2) ? [0, 1] : [0];
    this.directions = directions.map((direction) =>
      mergeGaussians(entries.map(({ count }, i) => ({ survey: surveys[i][direction] ?? surveys[i][0], count }))),
    );
    let square: number | undefined = 0;
    for (const { event, count } of entries) {
      const ratio = knownOf(event)?.ratio?.(neighboring);
      square = square === undefined || ratio === undefined ? undefined : square + count * ratio * ratio;
    }
    this.ratio = square === undefined ? undefined : Math.sqrt(square);
    if (entries.every(({ event }) => hasSupport(event, 'rdp', neighboring))) {
      this.#renyi = sortedByKey(entries).map(({ event, count }) => ({
        divergence: searchedDivergence(event, neighboring),
        count,
      }));
    }
  }

  *epsilonBounds(delta: number): Task<Bounds> {
    const step = this.step;
    const known = delta > 0 ? this.#knownEpsilon(delta) : Infinity;
    if (known === 0) return { lower: 0, upper: 0 };
    const outer = { lower: delta > 0 ? this.#aloneEpsilon(delta) : 0, upper: known };
    if (outer.upper - outer.lower <= NARROW && outer.lower <= outer.upper) return outer;
    let bounds = yield* worstOf(
      this.directions,
      (parts) => epsilonBounds(parts, delta, step),
      (parts, lower) => (lower > 0 ? isBelow(parts, delta, lower) : undefined),
    );
    bounds = intersect(bounds, outer);
    if (!(bounds.upper < Infinity)) throw unresolved();
    return bounds;
  }

  /** The upper end alone, for less than half the work, within about `width` of the least. */
  *epsilonUpper(delta: number, width?: number): Task<number> {
    const known = delta > 0 ? this.#knownEpsilon(delta) : Infinity;
    if (known === 0) return 0;
    let most = 0;
    for (const parts of this.directions) {
      const upper = yield* guarded(() => epsilonUpper(parts, delta, width, most, this.step), Infinity);
      most = Math.max(most, upper);
    }
    const epsilon = Math.min(most, known);
    if (!(epsilon < Infinity)) throw unresolved();
    return epsilon;
  }

  *deltaBounds(epsilon: number): Task<Bounds> {
    const step = this.step;
    const bounds = yield* worstOf(
      this.directions,
      (parts) => deltaBounds(parts, epsilon, step),
      (parts, lower) => isBelow(parts, lower, epsilon),
    );
    const known = Math.min(
      this.ratio === undefined ? 1 : gaussianDeltaBounds(this.ratio, epsilon).upper,
      this.#renyi === undefined ? 1 : renyiDelta(this.#renyi, epsilon),
      this.directions.reduce((most, parts) => Math.max(most, summedDelta(parts, epsilon)), 0),
    );
    const alone = this.#parts().reduce(
      (most, { survey }) => Math.max(most, singleDelta(survey.pair, epsilon).lower),
      0,
    );
    return intersect(bounds, { lower: alone, upper: known });
  }

  #parts(): readonly SurveyedPart[] {
    return this.directions.flat();
  }

  #knownEpsilon(delta: number): number {
    const gaussian = this.ratio === undefined ? Infinity : gaussianEpsilonBounds(this.ratio, delta).upper;
    const remaining = this.#renyi === undefined ? 0 : delta - infinityOfParts(this.#renyi);
    const renyi = remaining > 0 ? renyiEpsilon(this.#renyi ?? [], remaining).value : Infinity;
    const summed = this.directions.reduce((most, parts) => Math.max(most, summedEpsilon(parts, delta)), 0);
    return Math.min(gaussian, renyi, summed);
  }

  /** ε of any one release is at most that of all. */
  #aloneEpsilon(delta: number): number {
    return this.#parts().reduce((most, { survey: { pair } }) => {
      // Not even one is free at a δ that its infinite losses exceed; then all of them are refused.
      return pair.infinity >= delta ? most : Math.max(most, singleEpsilon(pair, delta).lower);
    }, 0);
  }
}

/** The worse of both directions; the second is seldom it, and showing that is cheaper than measuring it. */
export function* worstOf(
  directions: Composition['directions'],
  measure: (parts: readonly SurveyedPart[]) => Task<Bounds>,
  isCovered: (parts: readonly SurveyedPart[], lower: number) => Task<boolean> | undefined,
): Task<Bounds> {
  let worst: Bounds = { lower: 0, upper: 0 };
  for (const [i, parts] of directions.entries()) {
    const covered = i === 0 ? undefined : isCovered(parts, worst.lower);
    if (covered !== undefined && (yield* guarded(() => covered, false))) continue;
    const bounds = yield* guarded(() => measure(parts), NOTHING_KNOWN);
    worst = { lower: Math.max(worst.lower, bounds.lower), upper: Math.max(worst.upper, bounds.upper) };
  }
  return worst;
}

/** ε by basic composition, every release at an equal part of δ: loose, but 0 where next to nothing is released. */
function summedEpsilon(parts: readonly SurveyedPart[], delta: number): number {
  const total = roundsOf(parts);
  // A hair less than an equal part, for the rounding of sums.
  const part = (delta / total) * (1 - 2 ** -40);
  return parts.reduce((sum, { survey: { pair }, count }) => {
    return sum + (pair.infinity < part ? count * singleEpsilon(pair, part).upper * (1 + 2 ** -40) : Infinity);
  }, 0);
}

function summedDelta(parts: readonly SurveyedPart[], epsilon: number): number {
  const total = roundsOf(parts);
  const part = (epsilon / total) * (1 - 2 ** -40);
  const sum = parts.reduce((all, { survey, count }) => all + count * singleDelta(survey.pair, part).upper, 0);
  return Math.min(sum * (1 + 2 ** -40), 1);
}

/** The result of a task, or `otherwise` where float64 leaves it unresolved. */
function* guarded<T>(make: () => Task<T>, otherwise: T): Task<T> {
  try {
    return yield* make();
  } catch (error) {
    if (isFedkitError(error, 'OVERFLOW')) return otherwise;
    throw error;
  }
}

/** Both bounds hold, so their intersection does; the lower end gives way where a pair says more than the mechanism does. */
export function intersect(a: Bounds, b: Bounds): Bounds {
  const upper = Math.min(a.upper, b.upper);
  return { lower: Math.min(Math.max(a.lower, b.lower), upper), upper };
}
