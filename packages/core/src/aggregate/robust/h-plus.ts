/**
 * H+.
 *
 * Shiyuan Zuo, Rongfei Fan, Cheng Zhan, Jie Xu, Puning Zhao, Han Hu, "H+: An Efficient Similarity-Aware Aggregation for Byzantine
 * Resilient Federated Learning", 2025, https://arxiv.org/abs/2509.24330.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { seededRng } from '../../random.ts';
import { seedName } from '../seed-name.ts';
import { medianOf } from './coordinate-median.ts';
import { lowest } from './krum-scores.ts';
import { meanOf } from './mean-of.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link hPlus}. */
export interface HPlusOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
  /** r ≥ 1, coordinates in a segment; all of them where there are fewer. */
  readonly segment: number;
  /** K ≥ 1, segments. */
  readonly checks: number;
  /** Places the segments. Draw a fresh one each round, and let nobody know it before all have reported. */
  readonly seed: number | string | Uint8Array;
}

/**
 * Looks at K stretches of r neighbouring coordinates, the last joined to the first, compares every update with a reference there, and
 * averages the n − f that are most like it on the whole:
 *
 *     H(u, x) = 1/r · Σ |u_c| / (|x_c − u_c| + |u_c|)   in [0, 1], 1 where x is u; where u_c = x_c = 0 a term is 1
 *
 * The reference u is `context.reference` where `create` got one, as an update from clean data, and else the coordinate-wise median of the
 * updates on each stretch. Weights are not used. The paper compares parameter vectors and leaves other robust rules for u open. H is taken
 * from a review of the paper, and its abstract does not say how the K checks are joined: here by the sum of the H of all, of equal sums
 * the smallest client ids.
 *
 * Guarantee: an update grown without bound on every coordinate has H → 0 and is left out, as long as n − f honest updates are not. Nothing
 * is said of Byzantine updates near the reference, nor of coordinates that no stretch holds: K·r ≪ d is what makes it cheap.
 *
 * Needs 2f + 1 updates. Memory 4·n·d bytes; time O(K·r·n·log n), without a median O(K·r·n), and O(n·d) for the mean.
 *
 * @param size - Length d of the updates.
 */
export function hPlus(size: number, options: HPlusOptions): RobustAggregator {
  checkOptions('hPlus', options, {
    byzantine: true,
    segment: true,
    checks: true,
    seed: true,
  } satisfies OptionNames<HPlusOptions>);
  const byzantine = checkInteger('hPlus: byzantine', options.byzantine);
  const segment = checkInteger('hPlus: segment', options.segment, 1);
  const checks = checkInteger('hPlus: checks', options.checks, 1);
  const rng = seededRng(options.seed).fork('hPlus');
  const seed = seedName(options.seed, rng);
  return robustAggregator({
    name: 'hPlus',
    size,
    options: { byzantine, segment, checks, seed },
    minimum: { count: 2 * byzantine + 1, because: '2·byzantine + 1' },
    reference: 'optional',
    combine({ values, reference }) {
      const draw = rng.fork('segments');
      const length = Math.min(segment, size);
      const scores = new Float64Array(values.length);
      for (let check = 0; check < checks; check++) {
        const start = draw.below(size);
        const stretches = values.map((own) => stretch(own, start, length));
        const like = reference ? stretch(reference, start, length) : medianOf(stretches);
        // The most alike first, as `lowest` takes them.
        stretches.forEach((own, i) => (scores[i] -= similarity(like, own)));
      }
      const chosen = lowest(scores, values.length - byzantine).sort((a, b) => a - b);
      return meanOf(chosen.map((i) => values[i]));
    },
  });
}

/** H, summed in ascending order of coordinates. */
export function similarity(reference: Float32Array, own: Float32Array): number {
  let sum = 0;
  for (let c = 0; c < own.length; c++) {
    const size = Math.abs(reference[c]);
    const apart = Math.abs(own[c] - reference[c]);
    sum += apart === 0 ? 1 : size / (apart + size);
  }
  return sum / own.length;
}

/** `length` neighbours from `start` on, the first after the last. */
function stretch(values: Float32Array, start: number, length: number): Float32Array {
  if (start + length <= values.length) return values.subarray(start, start + length);
  const joined = new Float32Array(length);
  joined.set(values.subarray(start));
  joined.set(values.subarray(0, length - (values.length - start)), values.length - start);
  return joined;
}
