/**
 * The Gaussian mechanism as `centralDp` takes it: exact discrete Gaussian noise, added once by a trusted server. Canonne, Kamath and
 * Steinke, NeurIPS 2020, arXiv 2004.00010; the proof stands in gaussian.ts.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { type CentralGaussian, type CentralOptions, gaussianMechanism } from './gaussian.ts';

/** What {@link centralGaussianMechanism} is made of. */
export type CentralGaussianOptions = Omit<CentralOptions, 'placement'>;

const OPTIONS: OptionNames<CentralGaussianOptions> = {
  size: true,
  clip: true,
  noiseStd: true,
  maxWeight: true,
  expectedWeight: true,
  granularity: true,
  maximumContributions: true,
};

/**
 * Noise of a trusted server on a sum of clipped updates: `gaussianMechanism` of placement `central`, as a pipeline's `mechanism`. Its
 * sisters for servers that are not trusted are `distributedGaussianMechanism` and `skellamMechanism`.
 *
 * Protects a client's update against whoever sees releases, at the cost in `event`; the server sees the updates themselves.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an unknown option, `OUT_OF_RANGE` and `OVERFLOW` as `gaussianMechanism`.
 * @complexity O(d) a contribution; 8 bytes a coordinate for the sum.
 * @example
 * ```ts
 * import { centralDp, fedAvg, mean } from '@fedkit/core';
 * import { centralGaussianMechanism } from '@fedkit/privacy';
 *
 * const pipeline = centralDp({
 *   algorithm: fedAvg({ aggregate: (size) => mean(size) }),
 *   size: 1000,
 *   clip: 1,
 *   weighting: { kind: 'uniform' },
 *   noiseStd: 4,
 *   expectedContributors: 100,
 *   mechanism: centralGaussianMechanism,
 * });
 * console.log(pipeline.kind); // => central-dp
 * ```
 */
export function centralGaussianMechanism(options: CentralGaussianOptions): CentralGaussian<undefined> {
  checkOptions('centralGaussianMechanism', options, OPTIONS);
  return gaussianMechanism({ placement: 'central', ...options });
}
