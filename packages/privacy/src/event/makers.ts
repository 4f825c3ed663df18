/**
 * Makers of events, each by itself: an application that calls some bundles the accounting of those. All together they are
 * `event` of `@fedkit/privacy`.
 *
 * Noise is always an absolute scale beside the norm it hides, never a bare ratio, so that one number cannot mean two things under
 * two relations. All throw FedkitError: `OUT_OF_RANGE` for noise, norms, probabilities or counts outside their range (NaN, zero,
 * negative and infinite among them), `INVALID_ARGUMENT` for another type or an empty composition.
 *
 * @module
 */
export { composed, selfComposed } from './kinds/composed.ts';
export { discreteGaussian } from './kinds/discrete-gaussian.ts';
export { discreteLaplace } from './kinds/discrete-laplace.ts';
export { distributedDiscreteGaussian } from './kinds/distributed-discrete-gaussian.ts';
export { epsilonDelta } from './kinds/epsilon-delta.ts';
export { exponential } from './kinds/exponential.ts';
export { gaussian } from './kinds/gaussian.ts';
export { laplace } from './kinds/laplace.ts';
export { mixtureOfGaussians } from './kinds/mixture-of-gaussians.ts';
export { poissonSampled } from './kinds/poisson-sampled.ts';
export { randomizedResponse } from './kinds/randomized-response.ts';
export { sampledWithoutReplacement } from './kinds/sampled-without-replacement.ts';
export { skellam } from './kinds/skellam.ts';
export { treeAggregation } from './kinds/tree-aggregation.ts';
export { truncatedPoissonSampled } from './kinds/truncated-poisson-sampled.ts';
export { zcdp } from './kinds/zcdp.ts';
