/**
 * Nearest-neighbour mixing (NNM).
 *
 * Y. Allouah, S. Farhadkhani, R. Guerraoui, N. Gupta, R. Pinot, J. Stephan, "Fixing by Mixing: A Recipe for Optimal Byzantine
 * ML under Heterogeneity", AISTATS 2023, algorithm 2.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { squaredDistances } from '../robust/distances.ts';
import { meanOf } from '../robust/mean-of.ts';
import { type PreAggregation, preAggregation } from './pre-aggregation.ts';

/** Options of {@link nearestNeighborMixing}. */
export interface NearestNeighborMixingOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
}

/**
 * Replaces every update by the mean of the n − f updates nearest to it, itself among them, so that the rule behind sees
 * honest updates that differ less. Of equally near ones the smallest client ids. Every client keeps its id and weight.
 *
 * Guarantee: the mixture of an honest client is within Δ of its own update, Δ the largest distance between two honest ones:
 * n − f honest updates lie within Δ of it, so nobody further than Δ is mixed in.
 *
 * Needs 2f + 1 updates, and what the rule behind needs. Memory 8·n·d + 24·n² bytes, and 16 KiB a client, while it works;
 * time O(n²·d).
 */
export function nearestNeighborMixing(options: NearestNeighborMixingOptions): PreAggregation {
  checkOptions('nearestNeighborMixing', options, {
    byzantine: true,
  } satisfies OptionNames<NearestNeighborMixingOptions>);
  const { byzantine } = options;
  checkInteger('nearestNeighborMixing: byzantine', byzantine);
  return preAggregation(
    'nearestNeighborMixing',
    { byzantine },
    { count: 2 * byzantine + 1, because: '2·byzantine + 1' },
    ({ clients, values, weights }, emit) => {
      const n = values.length;
      const distances = squaredDistances(values);
      const mixed = new Float32Array(values[0].length);
      for (let i = 0; i < n; i++) {
        const row = distances.subarray(i * n, (i + 1) * n);
        const nearest = Array.from(row.keys()).sort((a, b) => row[a] - row[b] || a - b);
        const kept = nearest.slice(0, n - byzantine).sort((a, b) => a - b);
        emit(
          clients[i],
          meanOf(
            kept.map((j) => values[j]),
            mixed,
          ),
          weights[i],
        );
      }
    },
  );
}
