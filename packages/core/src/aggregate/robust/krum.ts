/**
 * Krum.
 *
 * P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent", NeurIPS 2017, section 4.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../../check.ts';
import type { DistanceMatrix } from './distances.ts';
import { checkKrumOptions, krumScores, type KrumOptions, lowest, neighbourCount } from './krum-scores.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/**
 * The one update whose n − f − 2 nearest neighbours are nearest: argmin of s(i) = Σ ‖x_i − x_j‖² over them. Of equal
 * scores the smallest client id. Weights are not used.
 *
 * Guarantee: with at most f Byzantine updates, n ≥ 2f + 3 and Δ the largest distance between two honest updates, the
 * result lies within Δ · √((n − f − 2) / (n − 2f − 2)) of an honest update: its score is at most an honest one's,
 * (n − f − 2)·Δ², and at least n − 2f − 2 of its neighbours are honest.
 *
 * Needs 2f + 3 updates. Memory 4·n·d + 40·n² bytes and up to 16 KiB a client while it works; time O(n²·d).
 *
 * @param size - Length d of the updates.
 */
export function krum(size: number, options: KrumOptions): RobustAggregator {
  checkOptions('krum', options, { byzantine: true, neighbours: true } satisfies OptionNames<KrumOptions>);
  const { byzantine, neighbours, minimum } = checkKrumOptions('krum', options);
  return robustAggregator({
    name: 'krum',
    size,
    options: { byzantine, neighbours },
    minimum,
    combine: {
      choose: (distances, n) => krumOrder(distances, n, byzantine, neighbours).slice(0, 1),
      combine: ([best]) => best.slice(),
    },
  });
}

/** All positions, best score first. */
export function krumOrder(
  distances: DistanceMatrix,
  n: number,
  byzantine: number,
  neighbours: KrumOptions['neighbours'],
): number[] {
  const everyone = Array.from({ length: n }, (_, i) => i);
  const scores = krumScores(distances, everyone, neighbourCount(n, byzantine, neighbours));
  return lowest(scores, n);
}
