/**
 * The Gaussian mechanism, on integers: clip, round to a power-of-two grid, sum exactly, add exact discrete Gaussian noise.
 * Canonne, Kamath and Steinke, NeurIPS 2020, arXiv 2004.00010. There is no floating-point variant.
 *
 * Proof. A client's integers have Σ k_i² ≤ squaredBound (grid.ts), so adding or removing a client moves the exact integer sum
 * by a vector of integers with L2 norm at most √squaredBound. Independent N_Z(0, v) on every coordinate of it is therefore
 * the discrete Gaussian event { noiseStd: √v, recordNorm: √squaredBound } (Theorem 14 there), which is what is charged: the
 * norm as rounding inflated it, and v rounded up to an integer. Scaling and dividing by a public constant are
 * post-processing. Sums and noise stay integers below 2^53, where float64 is exact.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkPositive, checkVector, refuse, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import { simultaneousRelease } from '../event/simultaneous.ts';
import type { DpEvent } from '../event/types.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';
import type { IntegerSampler } from '../sampler/integer-sampler.ts';
import { checkExact, type Grid, makeGrid, roundToGrid } from './grid.ts';
import { checkOpen, type PrivateSum, type SumBuilder, sumBuilder, type SumOptions, toValues } from './private-sum.ts';
import {
  type NoisyStatistics,
  type StatisticsOptions,
  type StatisticsRelease,
  statisticsRelease,
} from './statistics.ts';

/** Noise added by whoever sums. */
export interface CentralOptions extends SumOptions {
  /** The server adds noise once. */
  readonly placement: 'central';
  /** σ > 0: standard deviation of the noise on each coordinate of the sum, in the unit of the values. */
  readonly noiseStd: number;
}

/** Noise added by each client to its own update. */
export interface LocalOptions {
  /** Every client adds noise of its own. */
  readonly placement: 'local';
  /** d, the length of an update. */
  readonly size: number;
  /** C > 0: updates are clipped to this L2 norm. */
  readonly clip: number;
  /** σ > 0: standard deviation of the noise on each coordinate of one update, in its unit. */
  readonly noiseStd: number;
  /** As of the central placement. */
  readonly granularity?: number;
}

const LOCAL: OptionNames<LocalOptions> = { placement: true, size: true, clip: true, noiseStd: true, granularity: true };

const CENTRAL: OptionNames<CentralOptions & { readonly statistics?: StatisticsOptions }> = {
  placement: true,
  size: true,
  clip: true,
  noiseStd: true,
  granularity: true,
  maxWeight: true,
  expectedWeight: true,
  maximumContributions: true,
  statistics: true,
};

/** Noise added by a trusted server to the sum. */
export interface CentralGaussian<S> extends SumBuilder {
  /** The server adds noise once. */
  readonly placement: 'central';
  /** What each release costs: compose it, under the sampling that really happened, before releasing. */
  readonly event: DpEvent;
  /** One step of the grid, in the unit of the values. */
  readonly granularity: number;
  /**
   * Adds the noise, once: a second call on the same sum is `PROTOCOL_STATE`, for noise drawn twice can be averaged away.
   *
   * @returns The noised sum over `expectedWeight`, shape [d]. The number of contributions is not in it: under add-or-remove it
   * is itself a secret.
   */
  release(
    sum: PrivateSum,
    rng: SecureRng,
  ): { readonly values: Float32Array; readonly event: DpEvent } & StatisticsRelease<S>;
}

/** Noise added by each client to its own update. */
export interface LocalGaussian {
  /** Every client adds noise of its own. */
  readonly placement: 'local';
  /** What one report costs its client. */
  readonly event: DpEvent;
  readonly granularity: number;
  /** Clips, rounds and noises one update, shape [d]; a fresh vector. A NaN or an infinity makes it count as zero. */
  privatize(values: Float32Array, rng: SecureRng): Float32Array;
}

/**
 * The Gaussian mechanism with noise at the server (`central`) or at each client (`local`); for shares of noise under secure
 * aggregation see `distributedGaussianMechanism` and `skellamMechanism`.
 *
 * Protects a client's update against whoever sees releases, at the cost in `event`; the server sees the updates themselves
 * when placement is `central`. Not constant-time.
 *
 * With `statistics` a release also carries how many clients were clipped or quarantined, under noise of their own that the same
 * event charges; without, those numbers are absent from its type.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range or a grid too coarse for the clip, `OVERFLOW` if sums could
 * leave the exact integers.
 * @complexity O(d) a contribution; 8 bytes a coordinate for the sum.
 */
export function gaussianMechanism(options: LocalOptions): LocalGaussian;
export function gaussianMechanism(
  options: CentralOptions & { readonly statistics: StatisticsOptions },
): CentralGaussian<NoisyStatistics>;
export function gaussianMechanism(options: CentralOptions): CentralGaussian<undefined>;
export function gaussianMechanism(
  options: LocalOptions | (CentralOptions & { readonly statistics?: StatisticsOptions }),
): LocalGaussian | CentralGaussian<NoisyStatistics> | CentralGaussian<undefined> {
  checkOptions('gaussianMechanism', options, options?.placement === 'local' ? LOCAL : CENTRAL);
  if (options.placement === 'local') return localGaussian(options);
  if (options.placement === 'central') return centralGaussian(options);
  const { placement } = options as { placement: unknown };
  return refuse('INVALID_ARGUMENT', 'gaussianMechanism: placement', "'central' or 'local'", placement);
}

function localGaussian(options: LocalOptions): LocalGaussian {
  const where = 'gaussianMechanism';
  const { size, granularity } = options;
  const clip = checkPositive(`${where}: clip`, options.clip);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const grid = makeGrid(where, { size, radius: clip, noiseStd, granularity });
  const { sampler, cost } = integerNoise(where, grid, noiseStd / grid.granularity, 1);
  const integers = new Int32Array(size);
  return {
    placement: 'local',
    event: cost,
    granularity: grid.granularity,
    privatize(values, rng) {
      checkVector(`${where}.privatize: values`, values, size);
      roundToGrid(values, grid, 1 / grid.granularity, clip, integers);
      const noised = new Float64Array(integers);
      integers.fill(0);
      sampler.addTo(noised, rng);
      return toValues(noised, grid.granularity);
    },
  };
}

function centralGaussian(
  options: CentralOptions & { readonly statistics?: StatisticsOptions },
): CentralGaussian<NoisyStatistics> | CentralGaussian<undefined> {
  const where = 'gaussianMechanism';
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const { grid, maximumContributions, toValues: valuesOf, ...builder } = sumBuilder(where, options, noiseStd);
  const noise = integerNoise(where, grid, noiseStd / grid.granularity, maximumContributions);
  const statistics = options.statistics === undefined ? undefined : statisticsRelease(options.statistics);
  const cost = statistics === undefined ? noise.cost : simultaneousRelease([noise.cost, statistics.event]);
  return {
    ...builder,
    placement: 'central',
    event: cost,
    granularity: grid.granularity,
    release(sum, rng) {
      checkOpen(`${where}.release`, sum, grid.size);
      sum.released = true;
      noise.sampler.addTo(sum.values, rng);
      const values = valuesOf(sum.values, 1);
      sum.values.fill(0);
      if (statistics === undefined) return { values, event: cost };
      return { values, event: cost, statistics: statistics.release(sum, rng) };
    },
  } as CentralGaussian<NoisyStatistics> | CentralGaussian<undefined>;
}

/**
 * The sampler for a standard deviation in grid steps, and what it costs.
 *
 * @param contributions - How many of the grid's integers are summed at most.
 */
function integerNoise(
  where: string,
  grid: Grid,
  std: number,
  contributions: number,
): { sampler: IntegerSampler; cost: DpEvent } {
  // An integer variance keeps every sampler in exact doubles, and rounding up only adds noise.
  const variance = Math.ceil(std * std);
  const recordNorm = Math.sqrt(grid.squaredBound);
  checkExact(where, contributions * recordNorm + 64 * Math.sqrt(variance));
  return {
    sampler: discreteGaussianSampler({ variance }),
    cost: event.discreteGaussian({ noiseStd: Math.sqrt(variance), recordNorm, dimension: grid.size }),
  };
}
