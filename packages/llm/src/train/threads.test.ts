// Odds of its processes: 0. Threads run kernels, which draw nothing.
import { seededRng } from '@fedkit/core';
import { afterAll, describe, expect, it } from 'vitest';
import { lora } from '../adapt/lora.ts';
import { randomEncoder } from '../encoder/random.ts';
import { generate } from '../generate/generate.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { adapt, transformer, type TransformerOptions } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW } from './optimizer.ts';
import { type LanguageTrainerOptions, languageTrainer } from './trainer.ts';
import { tokenWindows } from './windows.ts';

// Nothing is a multiple of four; large enough that the products are shared.
const shape = { vocabulary: 301, width: 90, layers: 2, heads: 5, hidden: 203, context: 61 } as const;
const tokens = (seed: number, length: number) => {
  const rng = seededRng(seed);
  return Array.from({ length }, () => rng.below(shape.vocabulary));
};
const windows = tokenWindows([tokens(1, 150), { tokens: tokens(2, 50), from: 7 }], { length: 59 });
const opened: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(opened.map((one) => one.close())));

/** Everything that a model computes, as bits. */
async function everything(model: LanguageModel, options: LanguageTrainerOptions) {
  const start = model.init(seededRng(3));
  // Adapters begin at zero, where nothing would be seen of them.
  const rng = seededRng(4);
  for (let i = 0; i < start.length; i++) start[i] += 0.02 * (rng.uniform() - 0.5);
  const trainer = languageTrainer(model, windows, { optimizer: adamW(), ...options });
  const how = { steps: 3, batchSize: 2, learningRate: 0.01, rng: seededRng(5) };
  const { values } = await trainer.train(start, {}, how);
  const text: number[] = [];
  for await (const token of generate(model, start, tokens(6, 20), { maxTokens: 12 })) text.push(token);
  return {
    values,
    text,
    gradient: await trainer.gradient(start),
    logits: model.logits(start, tokens(7, 33)),
    evaluation: model.evaluate(start, windows),
  };
}

const make: Readonly<Record<string, (threads: number) => LanguageModel>> = {
  gpt: (threads) => transformer({ ...shape, style: 'gpt', threads }),
  'llama, grouped queries': (threads) => transformer({ ...shape, width: 96, heads: 6, keyValueHeads: 2, threads }),
  'LoRA over 4 bits': (threads) => adapt(frozen('q4_1', threads), lora({ rank: 5, targets: 'all-linear' })),
  'DoRA over NF4': (threads) =>
    adapt(frozen('nf4', threads), lora({ rank: 5, targets: ['q_proj', 'v_proj'], decomposed: true })),
};

function frozen(kind: 'q4_1' | 'nf4', threads: number) {
  const wide: TransformerOptions = { ...shape, width: 128, heads: 4, hidden: 192 };
  const model = transformer(wide);
  return freeze(model, model.init(seededRng(8)), { kind, threads });
}

describe('a model on several threads', () => {
  for (const [name, model] of Object.entries(make)) {
    it(`computes the bits of one: ${name}`, async () => {
      const found = [];
      for (const threads of [1, 2, 3]) {
        const own = model(threads);
        opened.push(own.base);
        expect(own.base.threads).toBe(threads);
        const { helpers } = own.base.memory;
        while (helpers && helpers.done.started < threads - 1) await new Promise((resolve) => setTimeout(resolve, 5));
        found.push(await everything(own, { checkpoint: threads === 3 }));
        if (helpers) expect(helpers.done.chunks).toBeGreaterThan(0);
      }
      expect(found[1]).toEqual(found[0]);
      expect(found[2]).toEqual(found[0]);
    });
  }

  it('computes the bits of one as an encoder', () => {
    const encoding = { ...shape, segments: 2, epsilon: 1e-12, activation: 'gelu-erf' } as const;
    const texts = [tokens(1, 40), tokens(2, 51)];
    const [one, two] = [1, 2].map((threads) => {
      const encoder = randomEncoder(encoding, { seed: 1, threads });
      opened.push(encoder);
      expect(encoder.threads).toBe(threads);
      return encoder.embed(texts);
    });
    expect(two).toEqual(one);
  });

  it('goes on alone after it was closed', async () => {
    const model = transformer({ ...shape, threads: 2 });
    const start = model.init(seededRng(1));
    const logits = model.logits(start, tokens(7, 33));
    await model.base.close();
    expect(model.base.threads).toBe(1);
    expect(model.logits(start, tokens(7, 33))).toEqual(logits);
  });
});
