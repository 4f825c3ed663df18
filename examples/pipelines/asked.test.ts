/** Whom evaluation rounds ask: a part of the drawn, held-out clients among them; under masks, under noise and over restarts. */
import { commonRange, rotation } from '@fedkit/compression';
import {
  centralDp,
  distributedDp,
  evaluationOnly,
  fedAvg,
  federatedClient,
  federatedServer,
  isFedkitError,
  memoryStore,
  plainUpdates,
  poissonSelection,
  secureRng,
  secureSum,
  type Trainer,
  uniformSelection,
  withEvaluationRounds,
} from '@fedkit/core';
import type { PrivacyCharge, PrivacyFilter } from '@fedkit/core/pipeline';
import { clearAggregation, simulate } from '@fedkit/core/simulation';
import { memoryTransport, virtualClock } from '@fedkit/core/transport/memory';
import { centralGaussianMechanism, skellamMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';

const SIZE = 4;
const IDS = Array.from({ length: 9 }, (_, i) => `client ${i}`);
/** Two of the nine never train. */
const heldOut = (client: string) => client === 'client 3' || client === 'client 7';
const WHOM = { every: 2, fraction: 0.72, heldOut };
/** What a round comes to that asks seven: the seven that train, and 0.72 · 7 of all nine. */
const [TRAINED, MEASURED] = [7, 5];
/** Of clients that have trained, and of those that have not: told apart by what they report. */
const [HITS, HELD_OUT_HITS] = [0.75, 0.25];

const measured = (client?: string) =>
  evaluationOnly({
    bounds: { hits: 1 },
    maximumExamples: 40,
    evaluate: () => ({ examples: 40, means: { hits: client && heldOut(client) ? HELD_OUT_HITS : HITS } }),
  });
const sealingKey = new Uint8Array(32).fill(7);
const unhurt = { mode: 'semi-honest', corruptFraction: 0, dropoutFraction: 0, sealingKey } as const;
const masked = (client?: string, whom: object = {}, secrecy: object = unhurt) => {
  const aggregation = secureAggregation(secrecy as typeof unhurt);
  const of = (algorithm: never) =>
    secureSum({
      algorithm,
      size: SIZE,
      codec: commonRange({ bits: 20, range: 1, contributors: 9 }),
      aggregation,
      minimumContributors: 4,
      maximumWeight: 20,
    } as never) as never;
  return withEvaluationRounds(of(fedAvg() as never), {
    evaluation: of(measured(client) as never),
    ...WHOM,
    ...whom,
  }) as never;
};
const plain = (client?: string) =>
  withEvaluationRounds(plainUpdates({ algorithm: fedAvg(), size: SIZE }), {
    evaluation: plainUpdates({ algorithm: measured(client), size: SIZE }),
    ...WHOM,
  }) as never;

/** @param deaths - After which requests the server is lost with all that it has not stored, and the client that asked too. */
async function run(pipelineOf: (client?: string) => never, ...deaths: number[]) {
  const clock = virtualClock();
  const store = memoryStore();
  const open = () =>
    federatedServer({
      pipeline: pipelineOf(),
      initial: new Float32Array(SIZE),
      cohort: TRAINED,
      rounds: 4,
      store,
      clock: () => clock.now(),
      rng: secureRng(),
    });
  let server = open();
  let requests = 0;
  const trained = new Set<string>();
  const device = async (id: string) => {
    const own = memoryStore();
    for (;;) {
      const life = new AbortController();
      const trainer: Trainer = {
        async train() {
          trained.add(id);
          return { values: new Float32Array(SIZE).fill(0.01), steps: 1, examples: 20 };
        },
        gradient: async (at) => at,
      };
      const client = federatedClient({
        id,
        pipeline: pipelineOf(id),
        trainer,
        local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.1 }),
        async exchange(request, options) {
          const answer = await memoryTransport(await server, id)(request, options);
          if (deaths.includes(++requests)) {
            server = open();
            life.abort();
          }
          return answer;
        },
        store: own,
        clock,
        rng: secureRng(),
        signal: life.signal,
      });
      try {
        await client.run();
        return (await client.model()).params;
      } catch (error) {
        if (!isFedkitError(error, 'ABORTED')) throw error;
      }
    }
  };
  const models = await clock.run(Promise.all(IDS.map(device)));
  const records = (await (await server).records()).filter(({ outcome }) => outcome === 'published');
  await (await server).close();
  return { models, records, trained: [...trained].sort(), requests };
}

function checkRun({ models, records, trained }: Awaited<ReturnType<typeof run>>): void {
  expect(records.map(({ contributors }) => contributors.length)).toEqual([TRAINED, MEASURED, TRAINED, MEASURED]);
  expect(trained).toEqual(IDS.filter((id) => !heldOut(id)));
  for (const { contributors, facts } of [records[1], records[3]]) {
    const out = contributors.filter(heldOut).length;
    const { clients, metrics, heldOut: theirs } = facts.metrics ?? {};
    expect([clients, theirs?.clients ?? 0]).toEqual([MEASURED - out, out]);
    expect(metrics?.hits.mean).toBeCloseTo(HITS, 3);
    if (out > 0) expect(theirs?.metrics.hits.mean).toBeCloseTo(HELD_OUT_HITS, 3);
  }
  // Two trainings of 0.01 each, the same on all: also on those that never trained.
  for (const params of models) expect(params).toEqual(models[0]);
  for (const value of models[0]) expect(value).toBeCloseTo(0.02, 4);
}

describe('a part of the clients, held-out ones among them, measures', () => {
  it.each([
    ['in the clear', plain, [0.07, 0.19, 0.31, 0.44, 0.52, 0.61, 0.73, 0.86, 0.94]],
    ['under masks', (client?: string) => masked(client), [0.3, 0.5, 0.9]],
  ])('%s, also where server and devices die', { timeout: 60_000 }, async (_name, pipelineOf, parts) => {
    const undisturbed = await run(pipelineOf);
    checkRun(undisturbed);
    // Some deaths of the many that there could be, and many in one run.
    const deaths = parts.map((part) => Math.ceil(part * undisturbed.requests));
    for (const death of deaths) checkRun(await run(pipelineOf, death));
    checkRun(await run(pipelineOf, ...deaths));
  });

  it('and a part of which no secure sum can be made is refused before anybody waits', async () => {
    const losing = { ...unhurt, mode: 'semi-malicious', corruptFraction: 0.1, dropoutFraction: 0.3 };
    const of = (fraction: number) =>
      federatedServer({
        pipeline: masked(undefined, { fraction }, losing),
        initial: new Float32Array(SIZE),
        cohort: 9,
        minimum: 9,
        store: memoryStore(),
        clock: Date.now,
        rng: secureRng(),
      });
    await (await of(0.6)).close();
    await expect(of(0.4)).rejects.toThrow(
      /evaluation rounds: expected a part of which a sum can be made, got 4 of 9: .*got 4 clients that need at least/,
    );
  });
});

/** Stores what it is charged. */
function recording(neighboring: string) {
  const charges: PrivacyCharge[] = [];
  const filter = {
    budget: { epsilon: 100, delta: 1e-5 },
    identity: { neighboring },
    charge: async (charge: PrivacyCharge) => void charges.push(charge),
    charged: (round: number) => charges.filter((charge) => charge.round === round),
    spent: () => 0,
    wouldExceed: () => false,
  };
  return { filter: filter as unknown as PrivacyFilter, charges };
}

const trainer: Trainer = {
  async train() {
    return { values: new Float32Array(SIZE).fill(0.01), steps: 1, examples: 20 };
  },
  gradient: async (at) => at,
};
const CLIENTS = 40;
const simulated = (pipeline: object, selection: object) =>
  simulate({
    algorithm: (pipeline as { algorithm: never }).algorithm,
    channel: pipeline as never,
    clients: Array.from({ length: CLIENTS }, () => trainer),
    local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
    initial: new Float32Array(SIZE),
    cohort: selection as never,
    rounds: 4,
    seed: 11,
  } as never);
/** Simulations name clients by number: eight never train. */
const apart = { every: 2, fraction: 0.5, heldOut: (client: string) => Number(client) % 5 === 0 };

describe('under noise', () => {
  const centralOf = (neighboring: string) => {
    const { filter, charges } = recording(neighboring);
    const of = (algorithm: never, clip: number, noiseStd: number, expectedContributors: number) =>
      centralDp({
        algorithm,
        size: SIZE,
        clip,
        weighting: { kind: 'uniform' },
        noiseStd,
        mechanism: centralGaussianMechanism,
        expectedContributors,
        filters: { recipients: filter },
      } as never) as never;
    const pipeline = withEvaluationRounds(of(fedAvg() as never, 1, 0.1, 16), {
      evaluation: of(measured() as never, Math.sqrt(6), 0.1, 10),
      ...apart,
    }) as object;
    return { pipeline, charges };
  };

  it('a round is charged as it was drawn: a part of a Poisson cohort is one of a smaller probability', async () => {
    const { pipeline, charges } = centralOf('add-or-remove');
    const { rounds } = await simulated(pipeline, poissonSelection({ probability: 0.5 }));
    expect(charges.map(({ event }) => (event as { probability?: number }).probability)).toEqual([0.5, 0.25, 0.5, 0.25]);
    for (const [i, { reported }] of rounds.entries()) {
      expect(charges[i].realized?.reported).toBe(reported.length);
      if (i % 2 === 0) expect(reported.filter((id) => apart.heldOut(id))).toEqual([]);
    }
    const groups = rounds.map(({ facts }) => [facts?.metrics?.clients, facts?.metrics?.heldOut?.clients]);
    expect([groups[0], groups[2]]).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(rounds[3].facts?.metrics?.metrics.hits.mean).toBeCloseTo(HITS, 1);
  });

  it('and of a fixed one of fewer, out of those that the round could ask', async () => {
    const { pipeline, charges } = centralOf('replace-one');
    await simulated(pipeline, uniformSelection({ cohort: 20 }));
    const sizes = charges.map(({ event }) => {
      const { population, cohort } = event as { population?: number; cohort?: number };
      return [population, cohort];
    });
    expect(sizes).toEqual([
      [32, 20],
      [40, 10],
      [32, 20],
      [40, 10],
    ]);
  });

  it('in shares: the smaller rounds are summed and noised by themselves', async () => {
    const of = (algorithm: never, clip: number, contributors: number) =>
      distributedDp({
        algorithm,
        size: SIZE,
        clip,
        weighting: { kind: 'uniform' },
        noiseStd: 0.2,
        bits: 20,
        mechanism: skellamMechanism,
        rotation,
        aggregation: clearAggregation(),
        minimumContributors: 8,
        maximumContributors: 32,
        expectedContributors: contributors,
      } as never) as never;
    const pipeline = withEvaluationRounds(of(fedAvg() as never, 1, 32), {
      evaluation: of(measured() as never, Math.sqrt(6), 16),
      ...apart,
    }) as object;
    const { rounds, params } = await simulated(pipeline, uniformSelection({ cohort: 32 }));
    expect(rounds.map(({ reported }) => reported.length)).toEqual([32, 16, 32, 16]);
    for (const { facts } of [rounds[1], rounds[3]]) {
      const { mean, standardError = 0 } = facts?.metrics?.metrics.hits ?? { mean: NaN };
      expect(standardError).toBeGreaterThan(0);
      // Odds of a spread of five: one in a million. Seeded.
      expect(Math.abs(mean - HITS)).toBeLessThan(5 * standardError);
    }
    for (const value of params) expect(Math.abs(value - 0.02)).toBeLessThan(0.2);
  });
});
