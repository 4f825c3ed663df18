/**
 * Bucketing.
 *
 * S. P. Karimireddy, L. He, M. Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", ICLR 2022,
 * algorithm 1.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { seededRng, shuffle } from '../../random.ts';
import { meanOf } from '../robust/mean-of.ts';
import { seedName } from '../seed-name.ts';
import { type PreAggregation, preAggregation } from './pre-aggregation.ts';

/** Options of {@link bucketing}. */
export interface BucketingOptions {
  /** s ≥ 1, updates in a bucket; 2 in most of the paper's experiments. The last bucket may hold fewer. */
  readonly size: number;
  /**
   * Places clients in buckets. Draw a fresh one each round, and let nobody know it before all have reported: who knows it
   * can put its accomplices side by side or apart. The same seed and clients give the same buckets.
   */
  readonly seed: number | string | Uint8Array;
}

/**
 * Shuffles the updates and replaces every s of them by their mean, which goes to the rule behind with the sum of their
 * weights. Weights are not used otherwise.
 *
 * Guarantee: of the ⌈n / s⌉ buckets at most f hold a Byzantine update, so configure the rule behind for that many of that
 * number; honest buckets vary s times less around their mean.
 *
 * Needs what the rule behind needs, of buckets. Memory 4·n·d · (1 + 1/s) bytes while it works; time O(n·d).
 */
export function bucketing(options: BucketingOptions): PreAggregation {
  checkOptions('bucketing', options, { size: true, seed: true } satisfies OptionNames<BucketingOptions>);
  const { size, seed } = options;
  checkInteger('bucketing: size', size, 1);
  const rng = seededRng(seed).fork('bucketing');
  const name = seedName(seed, rng);
  return preAggregation('bucketing', { size, seed: name }, { count: 1, because: '1' }, (updates, emit) => {
    const order = shuffle(
      updates.values.map((_, i) => i),
      rng.fork('order'),
    );
    const mixed = new Float32Array(updates.values[0].length);
    const digits = `${order.length}`.length;
    for (let start = 0; start < order.length; start += size) {
      const bucket = order.slice(start, start + size).sort((a, b) => a - b);
      const values = meanOf(
        bucket.map((i) => updates.values[i]),
        mixed,
      );
      const weight = bucket.reduce((sum, i) => sum + updates.weights[i], 0);
      emit(`bucket ${`${start / size}`.padStart(digits, '0')}`, values, weight);
    }
  });
}
