/** Metrics and statistics beside a private update: clipped and noised by themselves, charged with it. */
import { rotation } from '@fedkit/compression';
import { centralDp, distributedDp, fedAvg, Layout, type Trainer, withMetrics, withRoles } from '@fedkit/core';
import type { PrivacyCharge, PrivacyFilter } from '@fedkit/core/pipeline';
import { clearAggregation, simulate } from '@fedkit/core/simulation';
import { rdpAccountant, skellamMechanism } from '@fedkit/privacy';
import { describe, expect, it } from 'vitest';
import { central } from './settings.ts';

const CLIENTS = 60;
const layout = Layout.of([
  { name: 'w', shape: [8] },
  { name: 'mean', shape: [2], role: 'averaged' },
]);
const loss = (client: number) => 1 + (client % 7) / 2;
const examples = (client: number) => 20 + (client % 5) * 10;
const NORM = 0.5;

const trainerOf = (client: number, size: number): Trainer => ({
  async train() {
    const values = new Float32Array(size);
    values.fill(NORM / Math.sqrt(8), 0, 8);
    values.fill(3, 8);
    return { values, steps: 1, examples: examples(client), lossAtStart: loss(client) };
  },
  gradient: async (at) => at,
});

async function run(algorithm: object, channel: object, size: number, seed: number) {
  const { rounds, params } = await simulate({
    algorithm: algorithm as never,
    channel: channel as never,
    clients: Array.from({ length: CLIENTS }, (_, client) => trainerOf(client, size)),
    local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
    initial: new Float32Array(size),
    cohort: CLIENTS,
    rounds: 1,
    seed,
  });
  return { facts: rounds[0].facts, params };
}

const measured = () => withMetrics(fedAvg(), { bounds: { loss: 5 }, maximumExamples: 50, maximumNorm: 1 });
const total = (of: (client: number) => number) =>
  Array.from({ length: CLIENTS }, (_, client) => of(client)).reduce((a, b) => a + b);
const counted = (client: number) => Math.min(examples(client), 50);
const truth = {
  loss: total((client) => loss(client) * counted(client)) / total(counted),
  updateNorm: NORM,
};

/** Stores what it is charged. */
function recording(): { filter: PrivacyFilter; charges: PrivacyCharge[] } {
  const charges: PrivacyCharge[] = [];
  const filter = {
    budget: { epsilon: 100, delta: 1e-5 },
    identity: { neighboring: 'add-or-remove' },
    charge: async (charge: PrivacyCharge) => void charges.push(charge),
    charged: () => charges,
    spent: () => 0,
    wouldExceed: () => false,
  };
  return { filter: filter as unknown as PrivacyFilter, charges };
}

const distributed = {
  clip: 1,
  weighting: { kind: 'uniform' },
  noiseStd: 4,
  bits: 20,
  mechanism: skellamMechanism,
  rotation,
  aggregation: clearAggregation(),
  minimumContributors: 30,
  maximumContributors: CLIENTS,
  expectedContributors: CLIENTS,
} as const;
const pipelines = {
  centralDp: (algorithm: object, more: object) =>
    centralDp({ ...central, expectedContributors: CLIENTS, ...more, algorithm } as never),
  distributedDp: (algorithm: object, more: object) => distributedDp({ ...distributed, ...more, algorithm } as never),
};

describe.each(Object.entries(pipelines))('%s', (_name, make) => {
  it('measures with a standard error that is that of its noise', async () => {
    const scores: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      const algorithm = measured();
      const channel = make(algorithm, { size: 8, beside: { metrics: { noiseStd: 2 } } });
      const { facts } = await run(algorithm, channel, 8, seed);
      for (const name of ['loss', 'updateNorm'] as const) {
        const { mean, standardError = 0 } = facts?.metrics?.metrics[name] ?? { mean: NaN };
        expect(standardError).toBeGreaterThan(0);
        scores.push((mean - truth[name]) / standardError);
      }
    }
    const spread = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
    // 80 scores: one in a million lies outside for a spread of 1. Seeded.
    expect(spread).toBeGreaterThan(0.62);
    expect(spread).toBeLessThan(1.45);
  });

  it('leaves the update its clip: it is what it would be alone, whatever is beside it', async () => {
    const quiet = { noiseStd: 0.02, clip: 0.6 };
    const bare = fedAvg();
    const alone = await run(bare, make(bare, { ...quiet, size: 8 }), 8, 1);
    const algorithm = withMetrics(withRoles(fedAvg() as never, layout) as never) as object;
    const beside = { metrics: { noiseStd: 0.5 }, statistics: { clip: 5, noiseStd: 0.5 } };
    const { params } = await run(algorithm, make(algorithm, { ...quiet, layout, beside }), layout.size, 1);
    for (let i = 0; i < 8; i++) expect(params[i]).toBeCloseTo(alone.params[i], 2);
    for (let i = 8; i < 10; i++) expect(Math.abs(params[i] - 3)).toBeLessThan(0.1);
  });

  it('charges both as one release: 1/z² is the sum of both', async () => {
    const epsilonOf = async (more: object, algorithm: object) => {
      const { filter, charges } = recording();
      const observer = make === pipelines.centralDp ? 'recipients' : 'server';
      await run(algorithm, make(algorithm, { ...more, size: 8, filters: { [observer]: filter } }), 8, 1);
      expect(charges).toHaveLength(1);
      return rdpAccountant({ neighboring: 'add-or-remove' })
        .compose(charges[0].event as never)
        .epsilon(1e-5);
    };
    const noiseStd = 4;
    const beside = { metrics: { clip: 2, noiseStd: 16 } };
    const both = await epsilonOf({ noiseStd, beside }, measured());
    // (1/4)² + (2/16)² = 1/12.8
    const same = await epsilonOf({ noiseStd: Math.sqrt(12.8) }, fedAvg());
    const alone = await epsilonOf({ noiseStd }, fedAvg());
    expect(both).toBeGreaterThan(alone * 1.05);
    expect(Math.abs(both / same - 1)).toBeLessThan(0.02);
  });

  it('refuses what is beside the update without a noise of its own', () => {
    const refused = (more: object) => expect(() => make(measured(), { size: 8, ...more }));
    refused({}).toThrow(/beside.metrics: expected its own noiseStd/);
    refused({ beside: { metrics: { noiseStd: 0 } } }).toThrow(/beside.metrics.noiseStd/);
    refused({ beside: { metrics: { noiseStd: 1 }, other: { noiseStd: 1 } } }).toThrow(/other/);
    const algorithm = withRoles(fedAvg() as never, layout);
    expect(() => make(algorithm, { layout, beside: { statistics: { noiseStd: 1 } } })).toThrow(/statistics.clip/);
  });

  it('names the clips and noises in its terms', () => {
    const one = make(measured(), { size: 8, beside: { metrics: { noiseStd: 1 } } });
    const other = make(measured(), { size: 8, beside: { metrics: { noiseStd: 2 } } });
    expect(other.digest).not.toEqual(one.digest);
    expect(other.terms.find(([name]) => name === 'beside.metrics.noiseStd')?.[1]).toBe('2');
  });
});
