import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { clientStates } from '../client/client-states.ts';
import type { Trainer } from '../client/trainer.ts';
import { Layout } from '../model/layout.ts';
import { seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { combined, dropout, stragglers } from './conditions.ts';
import type { LocalOptions } from './engine.ts';
import { simulate } from './simulate.ts';

const local: LocalOptions = { epochs: 20, batchSize: 'all', learningRate: 0.1 };
const cohort = Array.from({ length: 10 }, (_, i) => `${i}`);
const plans = cohort.map(() => local);

describe('conditions', () => {
  it('drop clients with the stated probability', () => {
    const model = dropout({ probability: 0.3 });
    let dropped = 0;
    for (let round = 0; round < 1000; round++) {
      dropped += model(cohort, plans, seededRng(round)).filter((plan) => !plan).length;
    }
    // 10,000 draws of standard deviation 46: six of them, fixed seeds, false failures below 1e-8.
    expect(Math.abs(dropped - 3000)).toBeLessThan(6 * 46);
    expect(dropout({ probability: 0 })(cohort, plans, seededRng(1))).toEqual(plans);
    expect(dropout({ probability: 1 })(cohort, plans, seededRng(1))).toEqual(plans.map(() => undefined));
  });

  it('let exactly the stated fraction straggle, by 1 to 19 of 20 epochs', () => {
    const seen = new Set<number>();
    for (let round = 0; round < 200; round++) {
      const partial = stragglers({ fraction: 0.5, policy: 'partial' })(cohort, plans, seededRng(round));
      const epochs = partial.map((plan) => plan?.epochs as number);
      expect(epochs.filter((count) => count === 20).length).toBe(5);
      for (const count of epochs) seen.add(count);
      const dropped = stragglers({ fraction: 0.5, policy: 'drop' })(cohort, plans, seededRng(round));
      expect(dropped.map((plan) => plan === undefined)).toEqual(epochs.map((count) => count < 20));
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('combine: what one drops stays dropped', () => {
    const model = combined(dropout({ probability: 0.5 }), stragglers({ fraction: 1, policy: 'partial' }));
    const result = model(cohort, plans, seededRng(1));
    const kept = result.filter((plan) => plan !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(10);
    for (const { epochs } of kept) expect(epochs).toBeLessThan(20);
  });

  it('refuse options out of range', () => {
    for (const probability of [-0.1, 1.1, NaN]) {
      expect(() => dropout({ probability })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => stragglers({ fraction: 2, policy: 'drop' })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    expect(() => stragglers({ fraction: 1, policy: 'wait' as 'drop' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    const model = stragglers({ fraction: 1, policy: 'drop' });
    const stepwise = [{ steps: 5, batchSize: 1, learningRate: 1 }];
    expect(() => model(['0'], stepwise, seededRng(1))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('simulate', () => {
  const initial = Float32Array.of(0);
  const optima = [1, 2, 3, 4, 5, 6];
  const steps: LocalOptions = { steps: 2, batchSize: 'all', learningRate: 0.1 };
  const clients = optima.map((b) => quadratic(1, [b]));
  const options = { algorithm: fedAvg(), clients, local: steps, initial, cohort: 6, rounds: 30, seed: 1 };

  it('folds in those that report, and keeps the model where nobody does', async () => {
    const { rounds, params } = await simulate({ ...options, conditions: dropout({ probability: 0.6 }) });
    const sizes = rounds.map(({ reported }) => reported.length);
    expect(new Set(sizes).size).toBeGreaterThan(2);
    for (const { reported, cohort: asked } of rounds)
      expect(asked.clients).toEqual(expect.arrayContaining([...reported]));
    expect(params[0]).toBeGreaterThan(2);
    const nobody = await simulate({ ...options, conditions: dropout({ probability: 1 }) });
    expect(nobody.params).toEqual(initial);
    expect(nobody.rounds.every(({ reported }) => reported.length === 0)).toBe(true);
  });

  it('makes clients when they are asked', async () => {
    const asked: string[] = [];
    const lazy = {
      ids: optima.map((_, i) => `${i}`),
      trainer(client: string): Trainer {
        asked.push(client);
        return clients[Number(client)];
      },
    };
    const run = { ...options, cohort: 2, rounds: 3 };
    const made = await simulate({ ...run, clients: lazy });
    expect(asked).toEqual(made.rounds.flatMap(({ cohort: { clients: members } }) => members));
    expect(made.params).toEqual((await simulate(run)).params);
  });

  it('refuses a client made with another layout than the first, by its name', async () => {
    const layouts = [Layout.of([{ name: 'w', shape: [1] }]), Layout.of([{ name: 'v', shape: [1] }])];
    const lazy = {
      ids: ['0', '1'],
      trainer: (client: string): Trainer => ({ ...clients[0], layout: layouts[Number(client)] }),
    };
    await expect(simulate({ ...options, clients: lazy, cohort: 2, rounds: 1 })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: expect.stringContaining('client "1"'),
    });
  });

  it('keeps the states of clients that took part, and of no others, where it is told to', async () => {
    const store = memoryStore();
    const owner = { kind: 'scaffold', model: 'ab' };
    const run = { ...options, algorithm: scaffold(), cohort: 2, rounds: 2 };
    const stored = await simulate({ ...run, clientStates: clientStates(store, owner) });
    const kept = await simulate(run);
    expect(stored.params).toEqual(kept.params);
    expect(stored.clients.size).toBe(0);
    const keys: string[] = [];
    for await (const key of store.keys('')) keys.push(key);
    expect(keys.sort()).toEqual([...kept.clients.keys()].map((client) => `scaffold/${client}`).sort());
    expect(keys.length).toBeLessThan(6);
    // A run that goes on from the same store goes on from the same control variates.
    const states = clientStates<{ control: Float32Array }>(store, owner);
    for (const [client, state] of kept.clients) expect(await states.get(client)).toEqual(state);
  });

  it('wants to know what conditions start from', async () => {
    const engine = { clients: ['0'], concurrency: 1, run: () => Promise.reject(new Error('never')) };
    const { local: _local, clients: _clients, ...rest } = options;
    await expect(
      simulate({ ...rest, engine, cohort: 1, conditions: dropout({ probability: 0 }) }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
