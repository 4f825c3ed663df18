/**
 * Multi-Krum.
 *
 * P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent", NeurIPS 2017, section 5.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { krumOrder } from './krum.ts';
import { checkKrumOptions, type KrumOptions } from './krum-scores.ts';
import { meanOf } from './mean-of.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link multiKrum}. */
export interface MultiKrumOptions extends KrumOptions {
  /** m, how many updates to average, in 1 … n − f; default n − f. */
  readonly keep?: number;
}

/**
 * The mean of the `keep` updates with the lowest Krum scores; of equal scores the smallest client ids. Weights are not
 * used (Flower weights the mean by examples; the paper does not, and a weight is only what a client claims).
 *
 * Guarantee: with at most f Byzantine updates, n ≥ 2f + 3 and Δ the largest distance between two honest updates, the
 * result lies within Δ · (1 + √((n − f − 2) / (n − 2f − 2))) of every honest update: since keep ≤ n − f, every score
 * averaged is at most an honest one's.
 *
 * Needs max(2f + 3, keep + f) updates. Memory 4·n·d + 40·n² bytes and up to 16 KiB a client while it works; time O(n²·d).
 *
 * @param size - Length d of the updates.
 */
export function multiKrum(size: number, options: MultiKrumOptions): RobustAggregator {
  checkOptions('multiKrum', options, {
    byzantine: true,
    neighbours: true,
    keep: true,
  } satisfies OptionNames<MultiKrumOptions>);
  const { byzantine, neighbours, minimum } = checkKrumOptions('multiKrum', options);
  const { keep } = options;
  if (keep !== undefined) checkInteger('multiKrum: keep', keep, 1);
  const byKeep = (keep ?? 0) + byzantine;
  return robustAggregator({
    name: 'multiKrum',
    size,
    options: { byzantine, keep: keep ?? 'n-f', neighbours },
    minimum: byKeep > minimum.count ? { count: byKeep, because: 'keep + byzantine' } : minimum,
    combine: {
      choose: (distances, n) =>
        krumOrder(distances, n, byzantine, neighbours)
          .slice(0, keep ?? n - byzantine)
          .sort((a, b) => a - b),
      combine: (chosen) => meanOf(chosen),
    },
  });
}
