/**
 * Mean around median.
 *
 * C. Xie, O. Koyejo, I. Gupta, "Generalized Byzantine-tolerant SGD", 2018 (arXiv 1802.10116), definition 7.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { meanClosestToMedian } from './closest-to-median.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link meanAroundMedian}. */
export interface MeanAroundMedianOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
}

/**
 * For every coordinate the mean of the n − f values closest to the median. Weights are not used.
 *
 * Guarantee: with at most f Byzantine updates every coordinate of the result lies within w of the honest values' range
 * there, w being the width of that range: n − f honest values lie within w of the median, which lies in the range, so
 * whatever is kept does too.
 *
 * Needs 2f + 1 updates. Memory 4·n·d bytes, and about 1 MiB while it works; time O(d · n log² n).
 *
 * @param size - Length d of the updates.
 */
export function meanAroundMedian(size: number, options: MeanAroundMedianOptions): RobustAggregator {
  checkOptions('meanAroundMedian', options, { byzantine: true } satisfies OptionNames<MeanAroundMedianOptions>);
  const { byzantine } = options;
  checkInteger('meanAroundMedian: byzantine', byzantine);
  return robustAggregator({
    name: 'meanAroundMedian',
    size,
    options: { byzantine },
    range: (length) => meanAroundMedian(length, { byzantine }),
    minimum: { count: 2 * byzantine + 1, because: '2·byzantine + 1' },
    combine: ({ values }) => meanClosestToMedian(values, values.length - byzantine),
  });
}
