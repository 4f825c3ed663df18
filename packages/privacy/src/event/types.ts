/**
 * Events: what was released, as data. The vocabulary follows Google's dp_accounting.
 *
 * @module
 */
import type { EventKind, KIND } from './kind.ts';

/** Gaussian noise of standard deviation `noiseStd` on a sum of records with L2 norm ≤ `recordNorm`, in the same unit. */
export interface GaussianEvent {
  readonly kind: 'gaussian';
  readonly noiseStd: number;
  readonly recordNorm: number;
}

/** Laplace noise of `scale` on a sum of records with L1 norm ≤ `recordNorm`, in the same unit. */
export interface LaplaceEvent {
  readonly kind: 'laplace';
  readonly scale: number;
  readonly recordNorm: number;
}

/**
 * Discrete Gaussian noise (Canonne, Kamath and Steinke 2020), of parameter `noiseStd` in every coordinate, on integer
 * vectors with L2 norm ≤ `recordNorm`. With `dimension` 1 and an integer norm the loss distribution itself is known; any
 * other shape has the Rényi bound alone.
 */
export interface DiscreteGaussianEvent {
  readonly kind: 'discrete-gaussian';
  readonly noiseStd: number;
  readonly recordNorm: number;
  readonly dimension?: number;
}

/**
 * The sum of `contributors` independent discrete Gaussians of parameter `localNoiseStd` each, on integer vectors of
 * `dimension` (Kairouz, Liu and Steinke 2021): not itself a discrete Gaussian, and accounted with its distance to one.
 */
export interface DistributedDiscreteGaussianEvent {
  readonly kind: 'distributed-discrete-gaussian';
  readonly localNoiseStd: number;
  readonly contributors: number;
  readonly recordNorm: number;
  /** L1 norm of a record; default min(recordNorm·√dimension, recordNorm²), which holds for integer vectors. */
  readonly recordNormL1?: number;
  readonly dimension: number;
}

/** Discrete Laplace noise, P(k) ∝ exp(−|k| / `scale`), on a sum of integers of absolute value ≤ `recordNorm`, an integer. */
export interface DiscreteLaplaceEvent {
  readonly kind: 'discrete-laplace';
  readonly scale: number;
  readonly recordNorm: number;
}

/** Skellam noise of `variance` in every coordinate of a sum of integer vectors (Agarwal, Kairouz and Liu 2021). */
export interface SkellamEvent {
  readonly kind: 'skellam';
  readonly variance: number;
  /** L2 norm of an integer record. */
  readonly recordNorm: number;
  /** L1 norm of an integer record; default recordNorm², which holds for integers. */
  readonly recordNormL1?: number;
}

/** k-ary randomized response: with probability `noiseProbability` a uniform answer out of `buckets`, else the true one. */
export interface RandomizedResponseEvent {
  readonly kind: 'randomized-response';
  readonly noiseProbability: number;
  readonly buckets: number;
}

/** The exponential mechanism with privacy `epsilon`, accounted by its bounded range. */
export interface ExponentialEvent {
  readonly kind: 'exponential';
  readonly epsilon: number;
}

/** Anything with `rho`-zero-concentrated differential privacy under the accountant's relation. */
export interface ZeroConcentratedEvent {
  readonly kind: 'zcdp';
  readonly rho: number;
}

/** Anything with (`epsilon`, `delta`)-differential privacy under the accountant's relation. */
export interface EpsilonDeltaEvent {
  readonly kind: 'epsilon-delta';
  readonly epsilon: number;
  readonly delta: number;
}

/**
 * A sum that a record enters with a random norm: `norms[i]` with probability `probabilities[i]`, under Gaussian noise
 * (Choquette-Choo et al. 2024). Norm 0 with probability 1 − q and one other is Poisson sampling.
 */
export interface MixtureOfGaussiansEvent {
  readonly kind: 'mixture-of-gaussians';
  readonly noiseStd: number;
  readonly norms: readonly number[];
  readonly probabilities: readonly number[];
}

/** Every record joins independently with `probability`; `event` sees those that joined. */
export interface PoissonSampledEvent {
  readonly kind: 'poisson-sampled';
  readonly probability: number;
  readonly event: EventData;
}

/**
 * Poisson sampling whose batch is cut at `maxCohort` records, which voids plain Poisson accounting (Chua et al. 2024).
 * `event` is the Gaussian release on the batch that is left.
 */
export interface TruncatedPoissonSampledEvent {
  readonly kind: 'truncated-poisson-sampled';
  readonly population: number;
  readonly probability: number;
  readonly maxCohort: number;
  readonly event: GaussianEvent;
}

/** Exactly `cohort` of `population` records, uniformly without replacement; `event` sees them. */
export interface SampledWithoutReplacementEvent {
  readonly kind: 'sampled-without-replacement';
  readonly population: number;
  readonly cohort: number;
  readonly event: EventData;
}

/**
 * Prefix sums by binary trees of Gaussian noise (Kairouz et al. 2021), restarted after each of `steps` rounds; one
 * record takes part in at most one step of all.
 */
export interface TreeAggregationEvent {
  readonly kind: 'tree-aggregation';
  readonly noiseStd: number;
  readonly recordNorm: number;
  readonly steps: readonly number[];
}

/** `event`, `count` times. */
export interface SelfComposedEvent {
  readonly kind: 'self-composed';
  readonly event: EventData;
  readonly count: number;
}

/** All of `events`, adaptively. */
export interface ComposedEvent {
  readonly kind: 'composed';
  readonly events: readonly EventData[];
}

/** Events that are not compositions of others. */
export type LeafEvent =
  | GaussianEvent
  | LaplaceEvent
  | DiscreteGaussianEvent
  | DistributedDiscreteGaussianEvent
  | DiscreteLaplaceEvent
  | SkellamEvent
  | RandomizedResponseEvent
  | ExponentialEvent
  | ZeroConcentratedEvent
  | EpsilonDeltaEvent
  | MixtureOfGaussiansEvent
  | PoissonSampledEvent
  | TruncatedPoissonSampledEvent
  | SampledWithoutReplacementEvent
  | TreeAggregationEvent;

/** An event as plain data, which can be stored, compared and sent: all that JSON keeps of it. {@link parseEvent} reads it. */
export type EventData = LeafEvent | SelfComposedEvent | ComposedEvent;

/** An event that one of the makers in {@link event} made, or {@link parseEvent} read: it brings what accountants know of its kind. */
export type Made<E extends EventData> = E & {
  /** @internal */
  readonly [KIND]: EventKind;
};

/** What was released. Make it with {@link event}, which checks it; its data can be stored, compared and sent. */
export type DpEvent = Made<EventData>;
