/**
 * What the tests' private pipelines have in common.
 *
 * @module
 */
import { rotation } from '@fedkit/compression';
import { fedAvg } from '@fedkit/core';
import { centralGaussianMechanism, skellamMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';

/** Up to three in ten may vanish, one in ten may collude. */
export const aggregation = secureAggregation({
  corruptFraction: 0.1,
  dropoutFraction: 0.3,
  sealingKey: new Uint8Array(32).fill(1),
});

/** Federated averaging under noise in shares, for eight clients of whom six must stay. */
export const distributed = {
  algorithm: fedAvg(),
  clip: 1,
  weighting: { kind: 'uniform' },
  noiseStd: 4,
  bits: 20,
  mechanism: skellamMechanism,
  rotation,
  aggregation,
  minimumContributors: 6,
  maximumContributors: 10,
  colluders: 1,
  expectedContributors: 8,
} as const;

/** Federated averaging under noise of a trusted server. */
export const central = {
  algorithm: fedAvg(),
  clip: 1,
  weighting: { kind: 'uniform' },
  noiseStd: 2,
  mechanism: centralGaussianMechanism,
  expectedContributors: 8,
} as const;
