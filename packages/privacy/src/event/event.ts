/**
 * Makers of every event in one object.
 *
 * @module
 */
import {
  composed,
  discreteGaussian,
  discreteLaplace,
  distributedDiscreteGaussian,
  epsilonDelta,
  exponential,
  gaussian,
  laplace,
  mixtureOfGaussians,
  poissonSampled,
  randomizedResponse,
  sampledWithoutReplacement,
  selfComposed,
  skellam,
  treeAggregation,
  truncatedPoissonSampled,
  zcdp,
} from './makers.ts';

/**
 * Makers of every event. All throw FedkitError: `OUT_OF_RANGE` for noise, norms, probabilities or counts outside their
 * range (NaN, zero, negative and infinite among them), `INVALID_ARGUMENT` for another type or an empty composition.
 */
export const event: {
  /** @param options - `noiseStd` > 0 and `recordNorm` > 0, the L2 norm one record is clipped to, in the same unit. */
  readonly gaussian: typeof gaussian;
  /** @param options - `scale` > 0 (standard deviation √2·scale) and `recordNorm` > 0, an L1 norm, in the same unit. */
  readonly laplace: typeof laplace;
  /** @param options - `noiseStd` > 0 and `recordNorm` > 0 in units of the integer grid; `dimension` 1 if it is scalar. */
  readonly discreteGaussian: typeof discreteGaussian;
  /** @param options - Noise of each of `contributors`; the guarantee is only as good as all of them adding theirs. */
  readonly distributedDiscreteGaussian: typeof distributedDiscreteGaussian;
  /** @param options - `scale` > 0 and integer `recordNorm` ≥ 1, in units of the integer grid. */
  readonly discreteLaplace: typeof discreteLaplace;
  /** @param options - `variance` > 0 of the summed noise and `recordNorm` > 0, in units of the integer grid. */
  readonly skellam: typeof skellam;
  /** @param options - `noiseProbability` in (0, 1], `buckets` ≥ 2. */
  readonly randomizedResponse: typeof randomizedResponse;
  /** @param options - `epsilon` in (0, 1000]. */
  readonly exponential: typeof exponential;
  /** @param options - `rho` > 0. */
  readonly zcdp: typeof zcdp;
  /** @param options - `epsilon` in [0, 1000] and `delta` in [0, 1), not both zero. */
  readonly epsilonDelta: typeof epsilonDelta;
  /** @param options - `noiseStd` > 0, `norms` ≥ 0 and their `probabilities`, which sum to 1. */
  readonly mixtureOfGaussians: typeof mixtureOfGaussians;
  readonly poissonSampled: typeof poissonSampled;
  /** @param options - `population`, `probability` in (0, 1), and the `maxCohort` that a larger draw is cut to. */
  readonly truncatedPoissonSampled: typeof truncatedPoissonSampled;
  /** @param options - `cohort` of `population`, both integers ≥ 1. */
  readonly sampledWithoutReplacement: typeof sampledWithoutReplacement;
  /** @param options - `noiseStd` and `recordNorm` > 0; `steps` between restarts, each ≥ 1. */
  readonly treeAggregation: typeof treeAggregation;
  /** `count` ≥ 1 times the same release. */
  readonly selfComposed: typeof selfComposed;
  /** All of a list that is not empty. */
  readonly composed: typeof composed;
} = Object.freeze({
  gaussian,
  laplace,
  discreteGaussian,
  distributedDiscreteGaussian,
  discreteLaplace,
  skellam,
  randomizedResponse,
  exponential,
  zcdp,
  epsilonDelta,
  mixtureOfGaussians,
  poissonSampled,
  truncatedPoissonSampled,
  sampledWithoutReplacement,
  treeAggregation,
  selfComposed,
  composed,
});
