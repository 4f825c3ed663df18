/**
 * What both sides of a networked run agree on: everything comes from its seed.
 *
 * @module
 */
import { commonRange } from '@fedkit/compression';
import {
  fedAvg,
  plainUpdates,
  scaffold,
  type SecureAggregation,
  secureSum,
  seededRng,
  type Trainer,
} from '@fedkit/core';
import { quadraticTrainer } from '@fedkit/core/conformance';
import { secureAggregation } from '@fedkit/secagg';
import type { AnyAlgorithm, AnyPipeline } from '../witness.ts';

/** Parameters of the model: a report of them takes two pieces. */
export const SIZE = 4200;

/** What a run carries. */
export interface Setting {
  readonly secure: boolean;
  readonly algorithm: AnyAlgorithm;
  pipeline(watch?: (aggregation: SecureAggregation) => SecureAggregation): AnyPipeline;
}

/** The setting of a seed, for as many clients. */
export function settingOf(seed: string, clients: number): Setting {
  const rng = seededRng(seed).fork('setting');
  const secure = rng.below(2) === 0;
  const algorithm = (rng.below(2) === 0 ? fedAvg() : scaffold()) as AnyAlgorithm;
  return {
    secure,
    algorithm,
    pipeline(watch = (aggregation) => aggregation) {
      if (!secure) return plainUpdates({ algorithm, size: SIZE });
      const sealingKey = new Uint8Array(32).fill(1);
      return secureSum({
        algorithm: algorithm as never,
        size: SIZE,
        codec: commonRange({ bits: 24, range: 8, contributors: clients }),
        aggregation: watch(secureAggregation({ corruptFraction: 0, dropoutFraction: 0.34, sealingKey })),
        minimumContributors: 3,
        maximumWeight: 3,
      });
    },
  };
}

/** A client whose optimum and weight come from its number. */
export function trainerOf(client: number): Trainer {
  const rng = seededRng(client);
  const optimum = Float32Array.from({ length: SIZE }, () => 4 * rng.uniform() - 2);
  return quadraticTrainer(optimum, 1 + (client % 3));
}
