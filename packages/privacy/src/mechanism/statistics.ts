/**
 * Counts about a cohort that depend on private data, published under noise or not at all.
 *
 * Proof: a client is quarantined, clipped or neither, so it moves the pair of counts by a vector of L2 norm at most 1; exact
 * discrete Gaussian noise on both is one event of dimension 2.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkPositive, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';
import type { PrivateSum } from './private-sum.ts';

/** Noise for the counts. */
export interface StatisticsOptions {
  /** Standard deviation of the noise on each count, > 0. */
  readonly noiseStd: number;
}

/** Noised counts of one cohort, multiples of 1/64 that may be negative: safe to publish. */
export interface NoisyStatistics {
  readonly clipped: number;
  readonly quarantined: number;
}

/** The statistics of a release: a field where noise was paid for, and none in the type where it was not. */
export type StatisticsRelease<S> = S extends NoisyStatistics ? { readonly statistics: NoisyStatistics } : unknown;

/** Releases both counts of a sum at the cost of `event`. */
export function statisticsRelease(options: StatisticsOptions): {
  readonly event: DpEvent;
  release(sum: PrivateSum, rng: SecureRng): NoisyStatistics;
} {
  checkOptions('statistics', options, { noiseStd: true } satisfies OptionNames<StatisticsOptions>);
  const noiseStd = checkPositive('statistics: noiseStd', options.noiseStd, 2 ** 30);
  const variance = Math.ceil((noiseStd * steps) ** 2);
  const sampler = discreteGaussianSampler({ variance });
  const count = (exact: number, rng: SecureRng) => exact + sampler.sample(rng) / steps;
  return {
    event: event.discreteGaussian({ noiseStd: Math.sqrt(variance), recordNorm: steps, dimension: 2 }),
    release: (sum, rng) => ({ clipped: count(sum.clipped, rng), quarantined: count(sum.quarantined, rng) }),
  };
}

/** Noise is drawn in steps of 1/64, so that the discrete Gaussian is near a continuous one however small the deviation. */
const steps = 64;
