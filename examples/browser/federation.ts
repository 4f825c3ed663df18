/**
 * What the coordinator and every tab agree on, to the last option.
 *
 * @module
 */
import { commonRange, rotated, rotation, wrapped } from '@fedkit/compression';
import {
  distributedDp,
  type ExchangingPipeline,
  fedAvg,
  type FedAvgBroadcast,
  mean,
  type PlainData,
  secureSum,
  type Update,
  withMetrics,
} from '@fedkit/core';
import type { Filters } from '@fedkit/core/pipeline';
import { distributedGaussianMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';
import { model } from './network.ts';

/** The fewest tabs whose sum is opened, and the most in one round. */
export const LEAST = 3;
export const MOST = 24;
export const CLIP = 1;
export const DELTA = 1e-3;
/** σ over the clip: far too little to protect one of five tabs, and honest about it in ε. */
const NOISE = 0.25;

/** How updates travel. */
export type Privacy = 'sums' | 'noise';

/** A pipeline of this example. */
export type PagePipeline = ExchangingPipeline<PlainData, FedAvgBroadcast, PlainData, Update, Update>;

/**
 * Sums alone; or sums with everybody's share of noise in them.
 *
 * @param sealingKey - 32 secret bytes of this party's own.
 */
export function pipelineOf(
  privacy: Privacy,
  own: { readonly sealingKey: Uint8Array; readonly filters?: Filters },
): PagePipeline {
  const { sealingKey, filters } = own;
  // One in ten may be in league with the coordinator, one in five may vanish: of five tabs, one.
  const aggregation = secureAggregation({ corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey });
  const pipeline =
    privacy === 'sums'
      ? secureSum({
          algorithm: withMetrics(fedAvg(), { maximumExamples: 1000 }),
          layout: model.layout,
          codec: {
            update: rotated(wrapped({ bits: 20, spread: 1 })),
            metrics: commonRange({ bits: 24, range: 1, contributors: MOST }),
          },
          aggregation,
          minimumContributors: LEAST,
          maximumWeight: 1000,
          wrapProbability: 1e-6,
        })
      : distributedDp({
          algorithm: fedAvg({ aggregate: (size) => mean(size) }),
          layout: model.layout,
          clip: CLIP,
          weighting: { kind: 'uniform' },
          noiseStd: NOISE * CLIP,
          bits: 20,
          mechanism: distributedGaussianMechanism,
          rotation,
          aggregation,
          minimumContributors: LEAST,
          maximumContributors: MOST,
          expectedContributors: 5,
          ...(filters && { filters }),
        });
  return pipeline as unknown as PagePipeline;
}
