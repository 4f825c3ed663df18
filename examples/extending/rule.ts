/**
 * A rule of one's own: the winsorized mean. In every coordinate the `cut` lowest and highest values count as the next ones, so that
 * one client moves the mean no further than its neighbours do. Dixon, "Simplified Estimation from Censored Normal Samples",
 * Annals of Mathematical Statistics 31 (1960).
 *
 * @module
 */
import type { RobustAggregator } from '@fedkit/core';
import { checkInteger, robustAggregator } from '@fedkit/core/extend';

/** @param options.cut - Values that are drawn in at either end, ≥ 1. Needs 2 · cut + 1 updates. */
export function winsorizedMean(size: number, options: { readonly cut: number }): RobustAggregator {
  const cut = checkInteger('winsorizedMean: cut', options.cut, 1);
  return robustAggregator({
    name: 'winsorizedMean',
    size,
    options: { cut },
    minimum: { count: 2 * cut + 1, because: '2·cut + 1' },
    combine({ values }) {
      const column = new Float32Array(values.length);
      const last = values.length - 1 - cut;
      return Float32Array.from({ length: size }, (_, i) => {
        values.forEach((update, client) => (column[client] = update[i]));
        column.sort();
        return (
          column.reduce((sum, _value, rank) => sum + column[Math.min(Math.max(rank, cut), last)], 0) / column.length
        );
      });
    },
  });
}
