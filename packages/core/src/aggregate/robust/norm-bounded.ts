/**
 * Norm bounding.
 *
 * Z. Sun, P. Kairouz, A. T. Suresh, H. B. McMahan, "Can You Really Backdoor Federated Learning?", 2019 (arXiv 1911.07963),
 * section 5.
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../../check.ts';
import { clipL2 } from '../../kernels/vector.ts';
import { weightedMean } from '../mean.ts';
import { type ClientMean, clientMeanAggregator } from './client-mean.ts';
import type { RobustAggregator } from './rule.ts';

/** Options of {@link normBounded}. */
export interface NormBoundedOptions {
  /** M, the largest norm that counts, in the units of the updates; 2^-100 to 1e38. */
  readonly maxNorm: number;
  /** Weights beyond this are refused; default 2^32. */
  readonly maxWeight?: number;
}

/**
 * The weighted mean of Δ / max(1, ‖Δ‖ / M): every update longer than M is scaled down to it. Unlike the rules that compare
 * updates it needs no other update for that, so it folds as it goes.
 *
 * Guarantee: the result's norm is ≤ M, and clients with a share α of the total weight move it by at most 2αM. Weights are
 * what clients claim: where clients are not trusted leave them out, or set them yourself, and α is f / n. There is no
 * breakdown point: a small enough M and a small enough α are all that protects.
 *
 * Needs 1 update. Memory 16·d bytes, as {@link weightedMean}'s, and the clients' ids; time O(n·d). The mean is {@link weightedMean}'s, with its
 * guarantee: at most 2^20 clients, no bit depends on order or sharding.
 *
 * @param size - Length d of the updates.
 */
export function normBounded(size: number, options: NormBoundedOptions): RobustAggregator<ClientMean, 'O(d)'> {
  checkOptions('normBounded', options, { maxNorm: true, maxWeight: true } satisfies OptionNames<NormBoundedOptions>);
  const { maxNorm, maxWeight = 2 ** 32 } = options;
  checkNumber('normBounded: maxNorm', maxNorm, 2 ** -100, 1e38);
  checkNumber('normBounded: maxWeight', maxWeight, 2 ** -100, 1e38);
  return clientMeanAggregator({
    name: 'normBounded',
    size,
    options: { maxNorm, maxWeight },
    reference: 'none',
    // A norm computed to be ≤ maxNorm may be a rounding above it.
    prepare: () => ({
      mean: weightedMean(size, { maxValue: maxNorm * (1 + 2 ** -20), maxWeight }),
      judge: (values, weight) => ({ values: clipL2(values, maxNorm).values, weight }),
    }),
  });
}
