/**
 * FLTrust.
 *
 * X. Cao, M. Fang, J. Liu, N. Z. Gong, "FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping", NDSS 2021,
 * equations 2 to 4.
 *
 * @module
 */
import { refuse } from '../../check.ts';
import { dot, l2Norm, scale } from '../../kernels/vector.ts';
import { weightedMean } from '../mean.ts';
import { type ClientMean, clientMeanAggregator } from './client-mean.ts';
import type { RobustAggregator } from './rule.ts';

/** The smallest trust that counts: below it the cosine of float32 vectors is noise. */
const SMALLEST_TRUST = 2 ** -30;
const LARGEST_NORM = 1e38;

/**
 * The server trains on a small clean dataset of its own and gives the update g₀ it got as `context.reference` to `create`:
 *
 *     Σ TS_i · (‖g₀‖ / ‖g_i‖) · g_i / Σ TS_i,   TS_i = max(0, cos(g_i, g₀))
 *
 * Who points away from g₀ counts for nothing; if everyone does the result is zero. Weights are not used.
 *
 * Guarantee: the result's norm is ≤ ‖g₀‖ and its angle to g₀ at most a right one, whatever and however many the clients
 * send. It is as good as g₀: the root dataset must be clean and like the federation's.
 *
 * Needs 1 update. Memory 20·d bytes and the clients' ids; time O(n·d). The mean is {@link weightedMean}'s, with trust
 * rounded to float32: at most 2^20 clients, no bit depends on order or sharding.
 *
 * @param size - Length d of the updates.
 */
export function flTrust(size: number): RobustAggregator<ClientMean, 'O(d)'> {
  return clientMeanAggregator({
    name: 'flTrust',
    size,
    reference: 'required',
    prepare(given) {
      const reference = given as Float32Array;
      const norm = l2Norm(reference);
      if (!(norm >= 1 / LARGEST_NORM && norm <= LARGEST_NORM)) {
        refuse('OUT_OF_RANGE', 'flTrust.create: reference', 'a vector of norm 1e-38 to 1e38', norm);
      }
      return {
        mean: weightedMean(size, { maxValue: norm * (1 + 2 ** -20), maxWeight: 1 }),
        judge(values) {
          const length = l2Norm(values);
          const trust = Math.min(1, dot(values, reference) / length / norm);
          return trust >= SMALLEST_TRUST ? { values: scale(values, norm / length), weight: trust } : undefined;
        },
      };
    },
  });
}
