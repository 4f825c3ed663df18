/**
 * Sums of clients' integers before noise: secret, exact, and released once.
 *
 * @module
 */
import { checkInteger, checkPositive, checkVector, refuse } from '@fedkit/core/internal';
import { type Grid, makeGrid, roundToGrid } from './grid.ts';

/**
 * A sum that nobody may see before noise is added. Plain data, so that it survives a restart: keep it as you would keep the
 * clients' updates themselves.
 */
export interface PrivateSum {
  /** Σ of the clients' integers, shape [d]; exact, whatever the order. */
  readonly values: Float64Array;
  contributions: number;
  clipped: number;
  quarantined: number;
  /** Set by the one release; a released sum takes no part in anything. */
  released: boolean;
}

/** What sums are made of. Norms are in the unit of the values. */
export interface SumOptions {
  /** d, the length of an update. */
  readonly size: number;
  /** C > 0: updates are clipped to this L2 norm. */
  readonly clip: number;
  /** One step of the grid, a power of two; by default fine enough that rounding inflates the charged norm by under 0.1 %. */
  readonly granularity?: number;
  /** Weights are capped here, so that one client moves the sum by at most clip · maxWeight; default 1. */
  readonly maxWeight?: number;
  /** What noised sums are divided by: a public constant such as the expected total weight; default 1. */
  readonly expectedWeight?: number;
  /** How many contributions one sum may take, at most; default 2^20. */
  readonly maximumContributions?: number;
}

/** Builds private sums on one grid. */
export interface SumBuilder {
  createSum(): PrivateSum;
  /**
   * Clips and adds one client's update. A NaN or an infinity makes it count as zero.
   *
   * @param values - Shape [d]; not changed.
   * @param weight - > 0, default 1; what exceeds `maxWeight` counts as `maxWeight`.
   * @throws FedkitError `PROTOCOL_STATE` after the release, `SHAPE_MISMATCH`, `OUT_OF_RANGE` for a weight that is not finite and
   * > 0, `OVERFLOW` beyond `maximumContributions`; the sum is then as before.
   */
  accumulate(sum: PrivateSum, values: Float32Array, weight?: number): PrivateSum;
  /** Takes a contribution out again, exactly: the same values and weight as were accumulated. */
  retract(sum: PrivateSum, values: Float32Array, weight?: number): PrivateSum;
  /** Throws what `merge` would, and changes nothing. */
  checkMerge(into: PrivateSum, from: PrivateSum): void;
  /** Adds `from`, a sum of other clients, into `into`. `from` is spent: it counts as released. */
  merge(into: PrivateSum, from: PrivateSum): PrivateSum;
}

/**
 * A builder and its grid.
 *
 * @param noiseStd - What the default grid must resolve.
 */
export function sumBuilder(
  where: string,
  options: SumOptions,
  noiseStd: number,
): SumBuilder & {
  grid: Grid;
  maximumContributions: number;
  toValues: (integers: Float64Array, unit: number) => Float32Array;
} {
  const clip = checkPositive(`${where}: clip`, options.clip);
  const maxWeight = checkPositive(`${where}: maxWeight`, options.maxWeight ?? 1);
  const expectedWeight = checkPositive(`${where}: expectedWeight`, options.expectedWeight ?? 1);
  const maximumContributions = checkInteger(
    `${where}: maximumContributions`,
    options.maximumContributions ?? 2 ** 20,
    1,
  );
  const grid = makeGrid(where, {
    size: options.size,
    radius: clip * maxWeight,
    noiseStd,
    granularity: options.granularity,
  });
  const integers = new Int32Array(grid.size);

  function checkRoom(call: string, contributions: number): void {
    if (contributions > maximumContributions) {
      refuse('OVERFLOW', `${where}.${call}`, `at most maximumContributions = ${maximumContributions}`, contributions);
    }
  }

  function checkMerge(into: PrivateSum, from: PrivateSum): void {
    checkOpen(`${where}.merge`, into, grid.size);
    checkOpen(`${where}.merge`, from, grid.size);
    if (into === from) refuse('INVALID_ARGUMENT', `${where}.merge`, 'two different sums', 'the same one');
    checkRoom('merge', into.contributions + from.contributions);
  }

  /** Rounding is a function of the values alone, so that adding and taking away meet the same integers. */
  function add(call: string, sum: PrivateSum, values: Float32Array, weight: number, sign: 1 | -1): PrivateSum {
    checkOpen(`${where}.${call}`, sum, grid.size);
    checkVector(`${where}.${call}: values`, values, grid.size);
    const factor = Math.min(checkPositive(`${where}.${call}: weight`, weight), maxWeight) / grid.granularity;
    const { clipped, quarantined } = roundToGrid(values, grid, factor, clip, integers);
    for (let i = 0; i < integers.length; i++) sum.values[i] += sign * integers[i];
    integers.fill(0);
    sum.contributions += sign;
    if (clipped) sum.clipped += sign;
    if (quarantined) sum.quarantined += sign;
    return sum;
  }

  return {
    grid,
    maximumContributions,
    toValues: (sums, unit) => toValues(sums, (grid.granularity / expectedWeight) * unit),
    createSum: () => ({
      values: new Float64Array(grid.size),
      contributions: 0,
      clipped: 0,
      quarantined: 0,
      released: false,
    }),
    accumulate(sum, values, weight = 1) {
      checkRoom('accumulate', sum.contributions + 1);
      return add('accumulate', sum, values, weight, 1);
    },
    retract(sum, values, weight = 1) {
      if (sum.contributions < 1)
        refuse('PROTOCOL_STATE', `${where}.retract`, 'a sum with a contribution', 'an empty one');
      return add('retract', sum, values, weight, -1);
    },
    checkMerge,
    merge(into, from) {
      checkMerge(into, from);
      for (let i = 0; i < into.values.length; i++) into.values[i] += from.values[i];
      into.contributions += from.contributions;
      into.clipped += from.clipped;
      into.quarantined += from.quarantined;
      from.released = true;
      return into;
    },
  };
}

/** Refuses, with `PROTOCOL_STATE`, a sum that was released, and one of another size with `SHAPE_MISMATCH`. */
export function checkOpen(where: string, sum: PrivateSum, size: number): void {
  if (sum.released) refuse('PROTOCOL_STATE', where, 'a sum that was not released', 'one that was');
  if (sum.values.length !== size) refuse('SHAPE_MISMATCH', `${where}: sum`, `${size} coordinates`, sum.values.length);
}

/** Noised integers as float32 values in the caller's unit: post-processing, free. */
export function toValues(integers: Float64Array, factor: number): Float32Array {
  const values = new Float32Array(integers.length);
  for (let i = 0; i < integers.length; i++) values[i] = integers[i] * factor;
  return values;
}
