import { describe, expect, it } from 'vitest';
import { local } from '../../test/quadratic.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { fedEraser, type RetainedRound } from './fed-eraser.ts';

/** Two clients near (3, 3), and one at (−9, 3) whose influence is to go. */
const optima: Record<string, Float32Array> = {
  a: Float32Array.of(3, 2),
  b: Float32Array.of(3, 4),
  c: Float32Array.of(-9, 3),
};
const trainers = new Map(Object.entries(optima).map(([client, optimum]) => [client, quadraticTrainer(optimum, 1)]));
const train = async (client: string, from: Float32Array, steps: number) =>
  (await trainers.get(client)?.train(from, {}, local({ steps, learningRate: 0.05 })))?.values as Float32Array;

async function federated(clients: readonly string[], rounds: number) {
  const kept: RetainedRound[] = [];
  let model = new Float32Array(2);
  for (let round = 0; round < rounds; round++) {
    const updates = new Map<string, { update: Float32Array; weight: number }>();
    for (const client of clients) updates.set(client, { update: await train(client, model, 2), weight: 1 });
    model = model.map(
      (value, i) => value + [...updates.values()].reduce((sum, { update }) => sum + update[i], 0) / clients.length,
    );
    kept.push({ updates });
  }
  return { model, kept };
}
const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - b[i]));

describe('fedEraser', () => {
  it('comes near the model that never saw the client, which taking its updates off does not', async () => {
    const { model, kept } = await federated(['a', 'b', 'c'], 40);
    const { model: anew } = await federated(['a', 'b'], 40);
    expect(distance(model, anew)).toBeGreaterThan(3);
    const erased = await fedEraser({
      initial: new Float32Array(2),
      rounds: kept,
      forget: new Set(['c']),
      calibrate: (client, params) => train(client, params, 1),
    });
    expect(distance(erased, anew)).toBeLessThan(0.5);
    // The toy form: the sum of what the others sent, at models that had c's influence.
    const subtracted = new Float32Array(2);
    for (const { updates } of kept)
      for (const client of ['a', 'b']) updates.get(client)?.update.forEach((value, i) => (subtracted[i] += value / 2));
    expect(distance(subtracted, anew)).toBeGreaterThan(3);
  });

  it('follows equation 2: the way of then, the direction of now', async () => {
    const rounds = [1, 2].map((length) => ({
      updates: new Map([
        ['a', { update: Float32Array.of(length, 0), weight: 3 }],
        ['b', { update: Float32Array.of(0, length), weight: 1 }],
        ['c', { update: Float32Array.of(100, 100), weight: 1 }],
      ]),
    }));
    const calls: string[] = [];
    const found = await fedEraser({
      initial: Float32Array.of(10, 10),
      rounds,
      forget: new Set(['c']),
      calibrate: async (client, params, round) => {
        calls.push(`${client} ${round} ${params.join()}`);
        return client === 'a' ? Float32Array.of(0, 7) : new Float32Array(2);
      },
    });
    // Round 1 as it was: (3·(1, 0) + (0, 1))/4. Round 2: a goes 2 upwards with weight ¾, b nowhere.
    expect(calls).toEqual(['a 2 10.75,10.25', 'b 2 10.75,10.25']);
    expect([...found]).toEqual([10.75, 11.75]);
  });

  it('refuses to forget everybody', async () => {
    const { kept } = await federated(['a'], 1);
    await expect(
      fedEraser({
        initial: new Float32Array(2),
        rounds: kept,
        forget: new Set(['a']),
        calibrate: async () => new Float32Array(2),
      }),
    ).rejects.toThrowError('fedEraser: rounds: expected a kept round with somebody who stays');
  });
});
