import { fedAvg, fedProx, seededRng, type Trainer, weightedMean } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { transformer } from '../model/transformer.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { joinWindows, tokenWindows } from '../train/windows.ts';
import { anchoredTrainer } from './anchored.ts';
import { diagonalFisher } from './fisher.ts';
import { interpolate } from './interpolate.ts';

const model = transformer({ vocabulary: 20, width: 16, layers: 1, heads: 2, context: 16 });
const start = model.init(seededRng(1));
const text = (seed: number, length = 121) => Array.from({ length }, (_, i) => (i * i + seed * i) % 20);
const how = { steps: 60, batchSize: 4, learningRate: 0.01 } as const;
const learn = async (trainer: Trainer, from: Float32Array, steps: number = how.steps) => {
  const { values } = await trainer.train(from, {}, { ...how, steps, rng: seededRng(2) });
  return from.map((value, i) => value + values[i]);
};
const [first, second] = [tokenWindows([text(1)], { length: 12 }), tokenWindows([text(4)], { length: 12 })];

describe('anchoredTrainer', () => {
  it('pulls by strength · (w − at), beside an algorithm’s own pull', async () => {
    const trained: unknown[] = [];
    const probe: Trainer = {
      async train(from, objective) {
        trained.push(objective);
        return { values: new Float32Array(from.length), steps: 1, examples: 1 };
      },
      gradient: async (at) => at,
    };
    const at = Float32Array.of(1, 2);
    const trainer = anchoredTrainer(probe, { at, strength: Float32Array.of(3, 0) });
    const options = { steps: 1, batchSize: 1, learningRate: 1, rng: seededRng(1) } as const;
    for (const algorithm of [fedAvg(), fedProx({ mu: 1 })]) {
      const state = algorithm.init(Float32Array.of(5, 7));
      await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options });
    }
    expect(trained[0]).toMatchObject({ anchor: at, proximal: Float32Array.of(3, 0) });
    // 3·(w − 1) + 1·(w − 5) is 4·(w − 2); 1·(w − 7) stays.
    expect(trained[1]).toMatchObject({ anchor: Float32Array.of(2, 7), proximal: Float32Array.of(4, 1) });
    expect(() => anchoredTrainer(probe, { at, strength: -1 })).toThrowError(/strength/);
    expect(() => anchoredTrainer(probe, { at, strength: Float32Array.of(1) })).toThrowError(/strength/);
  });

  it('by the Fisher information forgets less than training anew, and rehearsal less than half of it, for nearly the gain', async () => {
    const plain = (windows: typeof first) => languageTrainer(model, windows, { optimizer: adamW() });
    const before = await learn(plain(first), start);
    const loss = (params: Float32Array, windows: typeof first) => model.evaluate(params, windows).loss;
    const outcome = async (trainer: Trainer) => {
      const after = await learn(trainer, before, 30);
      return {
        forgotten: loss(after, first) - loss(before, first),
        gained: loss(before, second) - loss(after, second),
      };
    };
    const naive = await outcome(plain(second));
    const { fisher } = await diagonalFisher(model, before, first);
    const strength = fisher.map((value) => 10_000 * value);
    const held = await outcome(anchoredTrainer(plain(second), { at: before, strength }));
    expect(held.forgotten).toBeLessThan(0.75 * naive.forgotten);
    expect(held.gained).toBeGreaterThan(0.9 * naive.gained);
    const rehearsed = await outcome(plain(joinWindows([first, second])));
    expect(rehearsed.forgotten).toBeLessThan(0.5 * naive.forgotten);
    expect(rehearsed.gained).toBeGreaterThan(0.85 * naive.gained);
  });
});

describe('diagonalFisher', () => {
  it('of a federation is that of all windows together', async () => {
    const aggregator = weightedMean(model.layout.size);
    const sum = aggregator.create();
    for (const windows of [first, tokenWindows([text(4, 50)], { length: 12 })]) {
      const { fisher, targets } = await diagonalFisher(model, start, windows);
      aggregator.accumulate(sum, { values: fisher, weight: targets });
    }
    const together = await diagonalFisher(
      model,
      start,
      joinWindows([first, tokenWindows([text(4, 50)], { length: 12 })]),
    );
    const mean = aggregator.finalize(sum);
    expect(together.targets).toBe(120 + 49);
    together.fisher.forEach((value, i) => expect(Math.abs(value - mean[i])).toBeLessThan(1e-6 * Math.max(1, value)));
    expect(together.fisher.every((value) => value >= 0)).toBe(true);
  });
});

describe('interpolate', () => {
  it('takes the best of the line, its ends included', async () => {
    const [global, own] = [await learn(languageTrainer(model, first, { optimizer: adamW() }), start), start];
    expect(interpolate(model, global, own, first).share).toBe(0);
    expect(interpolate(model, own, global, first).share).toBeGreaterThan(0.5);
    const mixed = interpolate(
      model,
      global,
      await learn(languageTrainer(model, second, { optimizer: adamW() }), start),
      joinWindows([first, second]),
      { steps: 4 },
    );
    expect(mixed.losses.length).toBe(5);
    expect(model.evaluate(mixed.params, joinWindows([first, second])).loss).toBe(Math.min(...mixed.losses));
  });
});
