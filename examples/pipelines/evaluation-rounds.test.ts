/** Rounds that only measure, under secure aggregation and differential privacy. */
import { commonRange, rotation } from '@fedkit/compression';
import {
  centralDp,
  distributedDp,
  evaluationOnly,
  fedAvg,
  federatedClient,
  federatedServer,
  memoryStore,
  secureRng,
  secureSum,
  type Trainer,
  withEvaluationRounds,
} from '@fedkit/core';
import type { PrivacyCharge, PrivacyFilter } from '@fedkit/core/pipeline';
import { clearAggregation, simulate } from '@fedkit/core/simulation';
import { memoryTransport, virtualClock } from '@fedkit/core/transport/memory';
import { skellamMechanism } from '@fedkit/privacy';
import { describe, expect, it } from 'vitest';
import { aggregation, central } from './settings.ts';

const CLIENTS = 60;
const SIZE = 8;
const HITS = 0.625;
/** Two groups of 1 + 1 + 1 entries: what a private pipeline clips to √6 shortens nothing. */
const ENTRIES = 6;

const trainer: Trainer = {
  async train() {
    return { values: new Float32Array(SIZE).fill(0.01), steps: 1, examples: 20 };
  },
  gradient: async (at) => at,
};
const measured = () =>
  evaluationOnly({
    bounds: { hits: 1 },
    maximumExamples: 40,
    evaluate: () => ({ examples: 40, means: { hits: HITS } }),
  });

/** Stores what it is charged. */
function recording(): { readonly filter: PrivacyFilter; readonly charges: PrivacyCharge[] } {
  const charges: PrivacyCharge[] = [];
  const filter = {
    budget: { epsilon: 100, delta: 1e-5 },
    identity: { neighboring: 'add-or-remove' },
    charge: async (charge: PrivacyCharge) => void charges.push(charge),
    charged: (round: number) => charges.filter((charge) => charge.round === round),
    spent: () => 0,
    wouldExceed: () => false,
  };
  return { filter: filter as unknown as PrivacyFilter, charges };
}

const run = (pipeline: object, rounds: number, seed = 3) =>
  simulate({
    algorithm: (pipeline as { algorithm: never }).algorithm,
    channel: pipeline as never,
    clients: Array.from({ length: CLIENTS }, () => trainer),
    local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
    initial: new Float32Array(SIZE),
    cohort: CLIENTS,
    rounds,
    seed,
  });

describe('evaluation rounds', () => {
  it('measure under secure aggregation, and send the metrics alone', async () => {
    const of = (algorithm: never, contributors = CLIENTS) =>
      secureSum({
        algorithm,
        size: SIZE,
        codec: commonRange({ bits: 24, range: 1, contributors }),
        aggregation: clearAggregation(),
        minimumContributors: 2,
        maximumWeight: 20,
      } as never);
    const training = of(fedAvg() as never);
    const pipeline = withEvaluationRounds(training as never, {
      evaluation: of(measured() as never) as never,
      every: 2,
    });
    const { rounds, params } = await run(pipeline, 4);
    const alone = await run(training as object, 2);
    // Rounding is drawn anew in every round.
    for (const [i, value] of params.entries()) expect(Math.abs(value - alone.params[i])).toBeLessThan(1e-5);
    for (const { facts, bytesUp } of [rounds[1], rounds[3]]) {
      expect(facts?.metrics?.metrics.hits.mean).toBeCloseTo(HITS, 4);
      expect([facts?.metrics?.clients, Math.round(facts?.metrics?.examples ?? 0)]).toEqual([CLIENTS, CLIENTS * 40]);
      expect(bytesUp).toBeLessThan(rounds[0].bytesUp);
    }
    expect(rounds[0].facts?.metrics).toBeUndefined();
  });

  it('go from device to device under masks, and leave one model on all', async () => {
    const clock = virtualClock();
    const of = (algorithm: never) =>
      secureSum({
        algorithm,
        size: SIZE,
        codec: commonRange({ bits: 24, range: 1, contributors: 8 }),
        aggregation,
        minimumContributors: 5,
        maximumWeight: 20,
      } as never);
    const pipeline = withEvaluationRounds(of(fedAvg() as never) as never, {
      evaluation: of(measured() as never) as never,
      every: 2,
    }) as never;
    const server = await federatedServer({
      pipeline,
      initial: new Float32Array(SIZE),
      store: memoryStore(),
      cohort: 6,
      rounds: 3,
      clock: () => clock.now(),
      rng: secureRng(),
    });
    const clients = Array.from({ length: 6 }, (_, i) =>
      federatedClient({
        id: `client ${i}`,
        pipeline,
        trainer,
        local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.1 }),
        exchange: memoryTransport(server, `client ${i}`),
        store: memoryStore(),
        clock,
        rng: secureRng(),
      }),
    );
    await clock.run(Promise.all(clients.map((client) => client.run())));
    const [first, second, third] = await server.records();
    expect([first, second, third].map(({ outcome }) => outcome)).toEqual(Array(3).fill('published'));
    expect(second.facts.metrics?.metrics.hits.mean).toBeCloseTo(HITS, 4);
    expect([second.facts.metrics?.clients, first.facts.metrics, third.facts.metrics]).toEqual([
      6,
      undefined,
      undefined,
    ]);
    // Clients repeat a message to ask for the next: nobody sent anything twice.
    expect([first, second, third].map(({ duplicates, late }) => duplicates + late)).toEqual([0, 0, 0]);
    // Two trainings of 0.01 each, whichever rounds they were.
    for (const { params } of await Promise.all(clients.map((client) => client.model())))
      for (const value of params) expect(value).toBeCloseTo(0.02, 5);
  });

  it('are releases of their own under central noise: charged, and measured with a standard error', async () => {
    const scores: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      const { filter, charges } = recording();
      const shared = { ...central, expectedContributors: CLIENTS, size: SIZE, filters: { recipients: filter } };
      const training = centralDp({ ...shared, algorithm: fedAvg() } as never);
      const evaluation = centralDp({
        ...shared,
        algorithm: measured(),
        clip: Math.sqrt(ENTRIES),
        noiseStd: 2,
      } as never);
      const pipeline = withEvaluationRounds(training as never, { evaluation: evaluation as never, every: 2 });
      const { rounds } = await run(pipeline, 2, seed);
      expect(charges.map(({ round }) => round)).toEqual([1, 2]);
      const { mean, standardError = 0 } = rounds[1].facts?.metrics?.metrics.hits ?? { mean: NaN };
      scores.push((mean - HITS) / standardError);
    }
    const spread = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
    // 40 scores of spread 1: one in a million lies outside. Seeded.
    expect(spread).toBeGreaterThan(0.5);
    expect(spread).toBeLessThan(1.6);
  });

  it('go through distributed noise', async () => {
    const of = (algorithm: never, clip: number) =>
      distributedDp({
        algorithm,
        size: SIZE,
        clip,
        weighting: { kind: 'uniform' },
        noiseStd: 1,
        bits: 20,
        mechanism: skellamMechanism,
        rotation,
        aggregation: clearAggregation(),
        minimumContributors: 30,
        maximumContributors: CLIENTS,
        expectedContributors: CLIENTS,
      } as never);
    const evaluation = of(measured() as never, Math.sqrt(ENTRIES));
    const pipeline = withEvaluationRounds(of(fedAvg() as never, 1) as never, {
      evaluation: evaluation as never,
      every: 2,
    });
    const { rounds } = await run(pipeline, 2);
    const { mean, standardError = 0 } = rounds[1].facts?.metrics?.metrics.hits ?? { mean: NaN };
    expect(standardError).toBeGreaterThan(0);
    // Odds of a spread of five: one in a million. Seeded.
    expect(Math.abs(mean - HITS)).toBeLessThan(5 * standardError);
  });
});
