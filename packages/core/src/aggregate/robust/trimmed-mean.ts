/**
 * The coordinate-wise trimmed mean.
 *
 * D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
 * ICML 2018, definition 2.
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames, refuse } from '../../check.ts';
import { sumRows } from './mean-of.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';
import { forSortedColumns } from './sorted-columns.ts';

/** Options of {@link trimmedMean}. */
export interface TrimmedMeanOptions {
  /** Fraction β in [0, 1/2) to cut from each end: ⌊βn⌋ values. `f / n` cuts exactly f. */
  readonly trim: number;
}

/**
 * For every coordinate the mean of what remains once the ⌊trim·n⌋ smallest and as many largest values are cut. Summed in
 * float64, ascending. Weights are not used.
 *
 * Guarantee: with at most ⌊trim·n⌋ Byzantine updates every coordinate of the result lies between the smallest and the
 * largest honest value there.
 *
 * Needs 1 update. Memory 4·n·d bytes, and about 1 MiB while it works; time O(d · n log² n).
 *
 * @param size - Length d of the updates.
 * @throws FedkitError `OUT_OF_RANGE` if `trim` is not in [0, 1/2).
 */
export function trimmedMean(size: number, options: TrimmedMeanOptions): RobustAggregator {
  checkOptions('trimmedMean', options, { trim: true } satisfies OptionNames<TrimmedMeanOptions>);
  const { trim } = options;
  checkNumber('trimmedMean: trim', trim, 0);
  if (trim >= 0.5) refuse('OUT_OF_RANGE', 'trimmedMean: trim', 'a fraction below 1/2', trim);
  return robustAggregator({
    name: 'trimmedMean',
    size,
    options: { trim },
    range: (length) => trimmedMean(length, { trim }),
    combine: ({ values }) => trimmedMeanOf(values, trimmedCount(trim, values.length)),
  });
}

/** ⌊trim · n⌋ for the decimal that was meant: 0.29 · 100 is 28.999999999999996 in floating point and cuts 29. */
export function trimmedCount(trim: number, n: number): number {
  return Math.floor(trim * n * (1 + 2 ** -50));
}

function trimmedMeanOf(updates: readonly Float32Array[], cut: number): Float32Array {
  const kept = updates.length - 2 * cut;
  const result = new Float32Array(updates[0].length);
  let sums = new Float64Array(0);
  forSortedColumns(updates, cut, updates.length - cut, (ranks, offset, width) => {
    if (sums.length < width) sums = new Float64Array(width);
    sumRows(ranks, 0, width, sums);
    for (let c = 0; c < width; c++) result[offset + c] = sums[c] / kept;
  });
  return result;
}
