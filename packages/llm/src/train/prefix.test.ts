import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { full } from '../adapt/full.ts';
import { lora } from '../adapt/lora.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW } from './optimizer.ts';
import { prefixOf } from './prefix.ts';
import { languageTrainer } from './trainer.ts';
import { tokenWindows } from './windows.ts';

const whole = transformer({ vocabulary: 20, width: 16, layers: 3, heads: 2, context: 16 });
const base = freeze(whole, whole.init(seededRng(1)), { kind: 'f32' });
const text = Array.from({ length: 150 }, (_, i) => (i * i + 3 * i) % 20);
const windows = tokenWindows([text], { length: 12 });
const how = { steps: 12, batchSize: 4, learningRate: 0.01 } as const;

describe('a kept prefix', () => {
  it.each([
    ['the top block', full({ filter: (name) => name.startsWith('model.layers.2.') }), 2],
    ['LoRA on the upper two', lora({ rank: 2, targets: 'all-linear', layers: (layer) => layer > 0 }), 1],
    ['the last norm alone', full({ filter: (name) => name === 'model.norm.weight' }), 3],
  ])('trains to the same bits: %s', async (_, adaptation, blocks) => {
    const model = adapt(base, adaptation);
    expect(prefixOf(model, windows, 4)?.network.part.from).toBe(blocks);
    const start = model.init(seededRng(2));
    const run = async (keepPrefix: boolean) => {
      let products = 0;
      const kernels = model.base.memory.kernels as unknown as { gemmQuantized: (...args: number[]) => void };
      const original = kernels.gemmQuantized;
      kernels.gemmQuantized = (...args) => {
        products++;
        original(...args);
      };
      const trainer = languageTrainer(model, windows, { optimizer: adamW(), keepPrefix });
      const { values } = await trainer.train(start, {}, { ...how, rng: seededRng(3) });
      const gradient = await trainer.gradient(start);
      kernels.gemmQuantized = original;
      return { values: [...values], gradient: [...gradient], products };
    };
    const [kept, plain] = [await run(true), await run(false)];
    expect(kept.values).toEqual(plain.values);
    expect(kept.gradient).toEqual(plain.gradient);
    expect(kept.products).toBeLessThan(plain.products);
  });

  it('is none where the first block or an embedding trains', () => {
    expect(prefixOf(whole, windows, 4)).toBeUndefined();
    expect(prefixOf(adapt(base, lora({ rank: 2, targets: ['q_proj'] })), windows, 4)).toBeUndefined();
    expect(prefixOf(adapt(base, full({ filter: (name) => /embed/.test(name) })), windows, 4)).toBeUndefined();
  });
});
