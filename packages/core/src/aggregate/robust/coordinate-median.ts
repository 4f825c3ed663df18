/**
 * The coordinate-wise median.
 *
 * D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
 * ICML 2018, definition 1.
 *
 * @module
 */
import { type RobustAggregator, robustAggregator } from './rule.ts';
import { forSortedColumns } from './sorted-columns.ts';

/**
 * The median of every coordinate; for an even number of updates the mean of the two middle values. Weights are not used.
 *
 * Guarantee: while fewer than half of the updates are Byzantine, every coordinate of the result lies between the smallest
 * and the largest honest value there, whatever the others send.
 *
 * Needs 1 update. Memory 4·n·d bytes, and about 1 MiB while it works; time O(d · n log² n).
 *
 * @param size - Length d of the updates.
 */
export function coordinateMedian(size: number): RobustAggregator {
  return robustAggregator({
    name: 'coordinateMedian',
    size,
    range: coordinateMedian,
    combine: ({ values }) => medianOf(values),
  });
}

/** The coordinate-wise median of at least one finite vector, shape [n][d] → [d]. */
export function medianOf(updates: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(updates[0].length);
  const upper = updates.length >> 1;
  const lower = (updates.length - 1) >> 1;
  forSortedColumns(updates, lower, upper + 1, (ranks, offset, width) => {
    const low = ranks[0];
    const high = ranks[upper - lower];
    // Adding +0 turns −0 into +0: the sign of a zero must not depend on how the column was sorted.
    for (let c = 0; c < width; c++) result[offset + c] = (low[c] + high[c]) / 2 + 0;
  });
  return result;
}
