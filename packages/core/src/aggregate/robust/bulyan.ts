/**
 * Bulyan of Krum.
 *
 * E. M. El Mhamdi, R. Guerraoui, S. Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", ICML 2018,
 * section 4.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames, refuse } from '../../check.ts';
import { meanClosestToMedian } from './closest-to-median.ts';
import { chooseWithRemoval } from './krum-scores.ts';
import { krumOrder } from './krum.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link bulyan}. */
export interface BulyanOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
  /**
   * Whether Krum chooses one update at a time among those that are left, as in the paper, or all at once by their scores
   * among everyone, as in newer Flower. Default true.
   */
  readonly removal?: boolean;
}

/**
 * Krum chooses θ = n − 2f updates; then for every coordinate the mean of the β = θ − 2f chosen values closest to their
 * median. Ties go to the smallest client id. Weights are not used.
 *
 * Guarantee: with at most f Byzantine updates and n ≥ 4f + 3, every coordinate of the result lies within w of the honest
 * values' range there, w being the width of that range: of the θ chosen fewer than half are Byzantine, so their median
 * lies in it, and β honest ones are within w of the median.
 *
 * Needs 4f + 3 updates. Memory 4·n·d + 40·n² bytes and up to 16 KiB a client while it works; time
 * O(n²·d + n³ log n + d · n log² n).
 *
 * @param size - Length d of the updates.
 */
export function bulyan(size: number, options: BulyanOptions): RobustAggregator {
  checkOptions('bulyan', options, { byzantine: true, removal: true } satisfies OptionNames<BulyanOptions>);
  const { byzantine, removal = true } = options;
  checkInteger('bulyan: byzantine', byzantine);
  if (typeof removal !== 'boolean') refuse('INVALID_ARGUMENT', 'bulyan: removal', 'true or false', removal);
  return robustAggregator({
    name: 'bulyan',
    size,
    options: { byzantine, removal },
    minimum: { count: 4 * byzantine + 3, because: '4·byzantine + 3' },
    combine: {
      choose(distances, n) {
        const count = n - 2 * byzantine;
        const rows = removal
          ? chooseWithRemoval(distances, n, byzantine, count)
          : krumOrder(distances, n, byzantine, 'n-f-2').slice(0, count);
        return rows.sort((a, b) => a - b);
      },
      combine: (chosen, n) => meanClosestToMedian(chosen, n - 4 * byzantine),
    },
  });
}
