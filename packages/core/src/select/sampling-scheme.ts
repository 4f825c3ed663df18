/**
 * How a cohort was drawn: the only thing that a privacy accountant may assume about it.
 *
 * @module
 */

/** Every client takes part independently with `probability`, in (0, 1]; the cohort's size is random. */
export interface PoissonSampling {
  readonly kind: 'poisson';
  readonly probability: number;
}

/** Exactly `cohort` of `population` clients, uniformly without replacement. Not Poisson: it amplifies far less. */
export interface FixedSampling {
  readonly kind: 'fixed';
  readonly population: number;
  readonly cohort: number;
}

/** No randomness an accountant may use: everyone, volunteers, weighted or loss-driven selection, over-selection. */
export interface NoSampling {
  readonly kind: 'none';
}

/** How clients of one round were sampled. */
export type SamplingScheme = PoissonSampling | FixedSampling | NoSampling;
