import { eden, feedbackCodec, rotation, topK } from '@fedkit/compression';
import {
  centralDp,
  type Contribution,
  distributedDp,
  fedAvg,
  type FedAvgUpdate,
  memoryStore,
  type PrivacyFilter,
  plainUpdates,
  scaffold,
  secureRng,
  type Store,
} from '@fedkit/core';
import type { RoundFacts } from '@fedkit/core/pipeline';
import {
  parseEvent,
  distributedGaussianMechanism,
  event,
  type Neighboring,
  privacyLedger,
  rdpAccountant,
  skellamMechanism,
} from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';
import { driveRound } from './drive.ts';
import { central, distributed } from './settings.ts';
import { unmasked } from './unmasked.ts';

const code = (name: string) => expect.objectContaining({ name: 'FedkitError', code: name });
const size = 1000;
const delta = 1e-5;
const accountant = (neighboring: Neighboring) => () => rdpAccountant({ neighboring });

const base = { ...distributed, size };

/** Updates of norm `norm` in different directions. */
function contributionsOf(clients: number, norm = 0.5): Record<string, Contribution<FedAvgUpdate>> {
  return Object.fromEntries(
    Array.from({ length: clients }, (_, i) => {
      const update = new Float32Array(size);
      update[i] = norm;
      return [`c${i}`, { values: { update }, weight: i + 1 }];
    }),
  );
}

function ledger(store: Store, key: string, neighboring: Neighboring, epsilon = 100, own = false) {
  return privacyLedger({
    store,
    key,
    run: 'test',
    unit: 'user',
    budget: { epsilon, delta },
    accountant: accountant(neighboring),
    ...(own && { composition: 'own-rounds' as const }),
  });
}

describe.each([skellamMechanism, distributedGaussianMechanism])('distributedDp with %o', (mechanism) => {
  it('releases the clipped mean under noise of the claimed variance', async () => {
    const pipeline = distributedDp({ ...base, mechanism });
    const contributions = contributionsOf(8, 3);
    const { aggregate, contributors, facts } = await driveRound(pipeline, {
      contributions,
      drop: { input: ['c1'] },
      restarts: true,
    });
    expect([...contributors].sort()).toEqual(['c0', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
    // Clipped to 1, c1 missing, over the public 8.
    const noise = aggregate.update.map((value, i) => value - (i < 8 && i !== 1 ? 1 / 8 : 0));
    // Claimed for 6 − 1 honest: of 7 survivors all add theirs.
    const variance = (base.noiseStd ** 2 / 5) * 7 * (1 / 8) ** 2 + (facts.quantizationError as number) ** 2;
    const chi = noise.reduce((sum, value) => sum + value * value, 0) / variance;
    // Chi-square of 1000 degrees: 5.5 standard deviations of √2000, two-sided false-failure probability below 1e-7.
    expect(Math.abs(chi - size)).toBeLessThan(5.5 * Math.sqrt(2 * size));
    expect(facts.wrapProbability).toBe(1e-4);
    expect(facts.weight).toBeUndefined();
  });
});

describe('distributedDp', () => {
  it('charges each observer once for what really survived, restarts and repeated closing included', async () => {
    const store = memoryStore();
    const facts: Partial<RoundFacts> = { scheme: { kind: 'poisson', probability: 0.1 } };
    const server = await ledger(store, 'server', 'add-or-remove', 100, true);
    const recipients = await ledger(store, 'recipients', 'add-or-remove');
    const pipeline = distributedDp({ ...base, filters: { server, recipients } });
    const noise = skellamMechanism({
      size: rotation.paddedSize(size),
      clip: 1,
      noiseStd: 4,
      bits: 20,
      maximumContributors: 10,
      minimumSurvivors: 6,
      colluders: 1,
      wrapProbability: 1e-4 / rotation.paddedSize(size),
    });
    const one = rdpAccountant({ neighboring: 'add-or-remove' });
    const all = rdpAccountant({ neighboring: 'add-or-remove' });
    const dropped = [['c1'], ['c2', 'c3'], []];
    for (const [i, gone] of dropped.entries()) {
      const survivors = 8 - gone.length;
      // c0 is always there; nobody has paid more.
      one.compose(noise.event(survivors));
      all.compose(event.poissonSampled(0.1, noise.event(survivors)));
      const done = await driveRound(pipeline, {
        contributions: contributionsOf(8),
        round: i + 1,
        facts,
        restarts: true,
        drop: { input: gone },
      });
      expect(done.facts.epsilon?.delta).toBe(delta);
      expect(done.facts.epsilon?.server).toBeCloseTo(one.epsilon(delta), 3);
      expect(done.facts.epsilon?.recipients).toBe(all.epsilon(delta));
      for (const one of [server, recipients]) expect(one.charged(i + 1)).toHaveLength(1);
    }
    expect(server.participations('c2')).toBe(2);
    expect(server.participations('c1')).toBe(2);
    // The opening record and three charges.
    expect(server.length).toBe(4);
    expect((await ledger(store, 'server', 'add-or-remove', 100, true)).spent()).toBe(server.spent());
  });

  it('opens nothing once a budget is out', async () => {
    for (const observer of ['server', 'recipients'] as const) {
      const filter = await ledger(memoryStore(), observer, 'replace-special', 0.01);
      const pipeline = distributedDp({ ...base, filters: { [observer]: filter } });
      let opened = false;
      const half = pipeline.server();
      const spied = {
        ...pipeline,
        server: () => ({
          ...half,
          open: (round: Parameters<typeof half.open>[0]) => {
            const collector = half.open(round);
            const advance = collector.advance.bind(collector);
            collector.advance = async (facts) => {
              const before = collector.stage;
              try {
                await advance(facts);
              } catch (error) {
                expect(collector.stage).toBe(before);
                expect(before).toBe('input');
                throw error;
              }
              if (before === 'input') opened = true;
            };
            return collector;
          },
        }),
      };
      await expect(driveRound(spied, { contributions: contributionsOf(8) })).rejects.toThrow(code('BUDGET_EXHAUSTED'));
      expect(opened).toBe(false);
      expect(filter.charged(1)).toEqual([]);
    }
  });

  it('is refused by a client whose noise fewer survivors would not cover', () => {
    const weak = distributedDp({ ...base, minimumContributors: 3 });
    const honest = distributedDp(base);
    const modelDigest = new Uint8Array(32);
    const complete = secureAggregation({
      corruptFraction: 0,
      dropoutFraction: 0.45,
      mode: 'semi-honest',
      sealingKey: new Uint8Array(32),
    });
    const server = distributedDp({ ...base, minimumContributors: 5, aggregation: complete });
    const client = distributedDp({ ...base, minimumContributors: 6, aggregation: complete });
    const parameters = server.server().announce({ round: 1, places: 9, modelDigest });
    expect(() => client.client().check({ round: 1, modelDigest, parameters })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(weak.digest).not.toEqual(honest.digest);
  });

  it('bounds a client by its capped weight, and never tells Σ w', async () => {
    const pipeline = distributedDp({
      ...base,
      noiseStd: 1e-3,
      bits: 30,
      weighting: { kind: 'capped', maximumWeight: 3 },
      expectedWeight: 20,
    });
    const { aggregate, facts } = await driveRound(pipeline, { contributions: contributionsOf(8, 5) });
    // Clipped to norm 1, then weights 1, 2, 3, 3, …, over the public 20.
    for (let i = 0; i < 8; i++) expect(aggregate.update[i]).toBeCloseTo(Math.min(i + 1, 3) / 20, 2);
    expect(facts.weight).toBeUndefined();
  });

  it('clips all slots together', async () => {
    const pipeline = distributedDp({ ...base, algorithm: scaffold(), acceptDrift: true, noiseStd: 1e-3, bits: 30 });
    const values = { update: new Float32Array(size).fill(3), control: new Float32Array(size).fill(4) };
    const contributions = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`c${i}`, { values }]));
    const { aggregate } = await driveRound(pipeline, { contributions });
    const norm = (x: Float32Array) => Math.hypot(...x);
    expect(norm(aggregate.update)).toBeCloseTo(0.6, 2);
    expect(norm(aggregate.control)).toBeCloseTo(0.8, 2);
  });

  it('wraps about as often as it predicts, and no more', async () => {
    // Ten equal updates of the full norm: what the prediction is made for. Their rotated sum is near Gaussian.
    const pipeline = distributedDp({
      ...base,
      aggregation: unmasked,
      size: 64,
      wrapProbability: 0.5,
      bits: 12,
      noiseStd: 0.01,
    });
    const values = { update: new Float32Array(64).fill(1 / 8) };
    const contributions = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`c${i}`, { values }]));
    let wrapped = 0;
    const runs = 60;
    for (let round = 1; round <= runs; round++) {
      const { aggregate, facts } = await driveRound(pipeline, { contributions, round });
      expect(facts.wrapProbability).toBe(0.5);
      // One wrapped coordinate moves the sum by the whole modulus, over 2 of the norm 10; noise by about 0.2.
      if (Math.hypot(...aggregate.update.map((value) => 8 * value - 10 / 8)) > 2) wrapped++;
    }
    // Of a union bound of 0.5 about 0.4 is left. False failure below 1e-5 on either side.
    expect(wrapped).toBeGreaterThan(8);
    expect(wrapped).toBeLessThan(47);
  });
});

describe('centralDp', () => {
  const own = { ...central, size };

  it('releases the clipped mean under noise of the claimed variance', async () => {
    const { aggregate } = await driveRound(centralDp(own), {
      contributions: contributionsOf(8, 3),
      restarts: true,
    });
    const noise = aggregate.update.map((value, i) => value - (i < 8 ? 1 / 8 : 0));
    const chi = noise.reduce((sum, value) => sum + value * value, 0) / (2 / 8) ** 2;
    // As above: false failure below 1e-7.
    expect(Math.abs(chi - size)).toBeLessThan(5.5 * Math.sqrt(2 * size));
  });

  it('clips what a client did not', async () => {
    const pipeline = centralDp({ ...own, noiseStd: 1e-3, codec: eden({ bits: 8 }) });
    const lying = centralDp({ ...own, noiseStd: 1e-3, codec: eden({ bits: 8 }), clip: 1000 });
    const { aggregate } = await driveRound(
      { ...pipeline, client: () => lying.client() },
      { contributions: contributionsOf(8, 500) },
    );
    for (let i = 0; i < 8; i++) expect(aggregate.update[i]).toBeCloseTo(1 / 8, 2);
  });

  it('clips before it weighs, and caps what a client did not', async () => {
    const options = { ...own, noiseStd: 1e-3, expectedWeight: 10 };
    const pipeline = centralDp({ ...options, weighting: { kind: 'capped', maximumWeight: 3 } });
    const lying = centralDp({
      ...options,
      weighting: { kind: 'capped', maximumWeight: 1000 },
      clip: 1000,
      noiseStd: 1e6,
    });
    const contributions = contributionsOf(8, 500);
    const { aggregate } = await driveRound({ ...pipeline, client: () => lying.client() }, { contributions });
    for (let i = 0; i < 8; i++) expect(aggregate.update[i]).toBeCloseTo(Math.min(i + 1, 3) / 10, 2);
  });

  it('charges before noise is drawn, once however often it is closed', async () => {
    const store = memoryStore();
    const recipients = await ledger(store, 'r', 'add-or-remove');
    const pipeline = centralDp({ ...own, filters: { recipients } });
    const half = pipeline.server();
    const client = pipeline.client();
    const parameters = half.announce({ round: 1, places: 8, modelDigest: new Uint8Array(32) });
    const task = { round: 1, modelDigest: new Uint8Array(32), parameters };
    const collector = half.open({ round: 1, parameters });
    for (const [id, contribution] of Object.entries(contributionsOf(8))) {
      collector.accept(id, client.encode(task, contribution, { rng: secureRng(), client: id }).bytes);
    }
    const saved = collector.serialize();
    const facts: RoundFacts = { round: 1, scheme: { kind: 'poisson', probability: 0.1 }, population: 80 };
    const results = await Promise.all([collector.close(facts), collector.close(facts)]);
    expect(results[0]).toBe(results[1]);
    const again = half.open({ round: 1, parameters, saved });
    await again.close(facts);
    expect(recipients.charged(1)).toHaveLength(1);
    const [{ event: charged }] = recipients.charged(1);
    expect(charged).toMatchObject({ kind: 'poisson-sampled', probability: 0.1 });
    const exact = rdpAccountant({ neighboring: 'add-or-remove' }).compose(parseEvent(charged));
    expect(results[0].facts.epsilon).toEqual({ delta, recipients: exact.epsilon(delta) });
  });

  it('releases nothing beyond the budget, and may be closed again once there is more', async () => {
    const recipients = await ledger(memoryStore(), 'r', 'add-or-remove', 0.01);
    const pipeline = centralDp({ ...own, filters: { recipients } });
    const half = pipeline.server();
    const parameters = half.announce({ round: 1, places: 8, modelDigest: new Uint8Array(32) });
    const collector = half.open({ round: 1, parameters });
    const task = { round: 1, modelDigest: new Uint8Array(32), parameters };
    const report = pipeline.client().encode(task, contributionsOf(1).c0, { rng: secureRng(), client: 'c0' });
    collector.accept('c0', report.bytes);
    const facts: RoundFacts = { round: 1, scheme: { kind: 'none' }, population: 80 };
    await expect(collector.close(facts)).rejects.toThrow(code('BUDGET_EXHAUSTED'));
    await recipients.setBudget({ epsilon: 10, delta });
    expect((await collector.close(facts)).contributors).toEqual(['c0']);
  });
});

describe('amplification', () => {
  const noise = (filter: PrivacyFilter) =>
    distributedDp({ ...base, aggregation: unmasked, filters: { recipients: filter } });
  const run = async (neighboring: Neighboring, scheme: RoundFacts['scheme']) => {
    const filter = await ledger(memoryStore(), 'r', neighboring);
    await driveRound(noise(filter), { contributions: contributionsOf(8), facts: { scheme } });
    return filter.charged(1)[0].event.kind;
  };
  it('is what the scheme really was, and only where a sound bound exists', async () => {
    expect(await run('add-or-remove', { kind: 'poisson', probability: 0.2 })).toBe('poisson-sampled');
    expect(await run('replace-one', { kind: 'poisson', probability: 0.2 })).toBe('skellam');
    expect(await run('add-or-remove', { kind: 'fixed', population: 100, cohort: 8 })).toBe('skellam');
    expect(await run('replace-one', { kind: 'fixed', population: 100, cohort: 8 })).toBe('skellam');
    expect(await run('add-or-remove', { kind: 'none' })).toBe('skellam');
  });
});

describe('plain updates with error feedback', () => {
  it('owe what was left out, and only once it counted', async () => {
    const pipeline = plainUpdates({
      algorithm: fedAvg(),
      size: 4,
      codec: topK({ density: 0.25 }),
      errorFeedback: feedbackCodec(),
    });
    const memories = new Map<string, Uint8Array>();
    const send = async (update: number[]) => {
      const contributions = { a: { values: { update: Float32Array.from(update) } } };
      return [...(await driveRound(pipeline, { contributions, memories })).aggregate.update];
    };
    expect(await send([3, 2, 0, 0])).toEqual([3, 0, 0, 0]);
    const before = memories.get('a');
    expect(await send([0, 0, 1, 0])).toEqual([0, 2, 0, 0]);
    // The server never counted the second: what it would have sent is sent again.
    memories.set('a', before as Uint8Array);
    expect(await send([0, 0, 1, 0])).toEqual([0, 2, 0, 0]);
  });
});
