import { commonRange, eden, feedbackCodec, rotated, topK } from '@fedkit/compression';
import {
  centralDp,
  type Contribution,
  distributedDp,
  fedAvg,
  type FedAvgUpdate,
  Layout,
  plainUpdates,
  secureSum,
  seededRng,
} from '@fedkit/core';
import { checkLaws, pipelineLaws } from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { aggregation, central, distributed } from './settings.ts';

const layout = Layout.of([
  { name: 'w', shape: [6, 8] },
  { name: 'b', shape: [16] },
]);
const contribution = (client: number): Contribution<FedAvgUpdate> => {
  const rng = seededRng(client);
  return { values: { update: Float32Array.from({ length: layout.size }, () => (rng.uniform() - 0.5) / 8) }, weight: 1 };
};
/** The mean up to `error` on each coordinate. */
const about = (error: number) => (aggregate: FedAvgUpdate, contributions: readonly Contribution<FedAvgUpdate>[]) =>
  aggregate.update.forEach((value, i) => {
    const mean = contributions.reduce((sum, { values }) => sum + values.update[i], 0) / contributions.length;
    expect(Math.abs(value - mean)).toBeLessThanOrEqual(error);
  });

describe('secureSum', () => {
  const create = () =>
    secureSum({
      algorithm: fedAvg(),
      layout,
      codec: rotated(commonRange({ bits: 24, range: 2, contributors: 8 })),
      aggregation,
      minimumContributors: 3,
      maximumWeight: 1,
    });
  checkLaws(it, pipelineLaws({ create, contribution, clients: 5, ensureAggregate: about(1e-3) }));
});

describe('distributedDp', () => {
  // Noise of 1e-3 on the sum: what it protects is tried elsewhere.
  const create = () => distributedDp({ ...distributed, layout, noiseStd: 1e-3, bits: 24 });
  checkLaws(it, pipelineLaws({ create, contribution, clients: 8, repeatable: false, ensureAggregate: about(1e-2) }));
});

describe('centralDp', () => {
  const create = () => centralDp({ ...central, layout, noiseStd: 1e-3, expectedContributors: 4 });
  checkLaws(it, pipelineLaws({ create, contribution, repeatable: false, ensureAggregate: about(1e-2) }));
});

describe('plainUpdates with a codec and error feedback', () => {
  const create = () =>
    plainUpdates({ algorithm: fedAvg(), layout, codec: topK({ density: 0.25 }), errorFeedback: feedbackCodec() });
  checkLaws(it, pipelineLaws({ create, contribution }));
});

describe('plainUpdates with EDEN', () => {
  const create = () => plainUpdates({ algorithm: fedAvg(), layout, codec: eden({ bits: 4 }) });
  checkLaws(it, pipelineLaws({ create, contribution, ensureAggregate: about(0.1) }));
});
