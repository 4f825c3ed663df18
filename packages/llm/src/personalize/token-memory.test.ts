import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { transformer } from '../model/transformer.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { tokenMemory } from './token-memory.ts';

const model = transformer({ vocabulary: 256, width: 16, layers: 1, heads: 2, context: 32 });
const text = (words: string) => tokenWindows([new TextEncoder().encode(words)], { length: 32 });
const open = text('the rain in Spain stays mainly in the plain. '.repeat(6));
const start = model.init(seededRng(1));
const how = { steps: 60, batchSize: 4, learningRate: 0.01, rng: seededRng(2) };
const { values } = await languageTrainer(model, open, { optimizer: adamW() }).train(start, {}, how);
const params = start.map((value, i) => value + values[i]);
const own = 'my dear Watson, the train to Dartmoor leaves Paddington at nine. ';

describe('a memory beside the model', () => {
  const memory = tokenMemory(model, params, text(own.repeat(3)), { neighbors: 8, temperature: 1 });

  it('is the model alone at share 0, to the loss that it evaluates', () => {
    const [loss] = memory.losses(open, [0]);
    expect(Math.abs(loss - model.evaluate(params, open).loss)).toBeLessThan(1e-5);
  });

  it('predicts what was written once, without training', () => {
    const again = text(own);
    const [alone, mixed, recalled] = memory.losses(again, [0, 0.5, 0.9]);
    expect(mixed).toBeLessThan(alone - 1);
    expect(recalled).toBeLessThan(mixed);
    // And is no help on what was not.
    const [before, after] = memory.losses(open, [0, 0.5]);
    expect(after).toBeGreaterThan(before);
  });

  it('is the formula, counted by hand', () => {
    const few = text('abcab');
    const small = tokenMemory(model, params, few, { neighbors: 2, temperature: 3 });
    expect(small.entries).toBe(4);
    expect(small.bytes).toBe(4 * 4 * 17);
    const context = [...new TextEncoder().encode('abd')];
    const { states, logits } = model.states(params, context);
    const keys = model.states(params, [...new TextEncoder().encode('abcab')].slice(0, 4)).states;
    const distances = [0, 1, 2, 3].map((i) =>
      Array.from({ length: 16 }, (_, d) => (states[32 + d] - keys[16 * i + d]) ** 2).reduce((a, b) => a + b),
    );
    const next = [...new TextEncoder().encode('bcab')];
    const nearest = [0, 1, 2, 3].sort((a, b) => distances[a] - distances[b]).slice(0, 2);
    const weight = (i: number) => Math.exp(-distances[i] / 3);
    const total = nearest.reduce((sum, i) => sum + weight(i), 0);
    const last = [...logits.subarray(2 * 256)].map(Math.exp);
    const all = last.reduce((a, b) => a + b);
    const found = small.probabilities(context, 0.3);
    for (let token = 0; token < 256; token++) {
      const near = nearest.filter((i) => next[i] === token).reduce((sum, i) => sum + weight(i) / total, 0);
      expect(Math.abs(found[token] - 0.3 * near - (0.7 * last[token]) / all)).toBeLessThan(1e-6);
    }
    expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  });

  it('refuses what it cannot be', () => {
    expect(() => tokenMemory(model, params, open, { neighbors: 0 })).toThrowError(/neighbors/);
    expect(() => tokenMemory(model, params, open, { temperature: 0 })).toThrowError(/temperature/);
    expect(() => memory.losses(open, [2])).toThrowError(/share/);
    expect(() => memory.probabilities([], 0)).toThrowError(/at least one token/);
  });
});
