import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { transformer, type TransformerOptions } from '../model/transformer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { directionalErrors } from '../../test/gradient-check.helpers.ts';

// Nothing is a multiple of four: vocabulary, width, heads, hidden units, window.
const small = { vocabulary: 37, width: 18, layers: 2, heads: 3, hidden: 23, context: 16 } as const;
const shapes: Readonly<Record<string, TransformerOptions>> = {
  llama: { ...small, style: 'llama' },
  'llama, grouped queries, untied head': { ...small, keyValueHeads: 1, tiedEmbeddings: false },
  'llama, neighbouring pairs, biases of Qwen': { ...small, rotaryPairs: 'interleaved', attentionBias: true },
  gpt: { ...small, style: 'gpt' },
  'gpt with the exact GELU': { ...small, style: 'gpt', feedForward: 'gelu-erf' },
  'a mixture': { ...small, style: 'gpt', positions: 'rotary', headWidth: 8, keyValueHeads: 3 },
};

function texts(seed: number) {
  const rng = seededRng(seed);
  const text = (length: number) => Array.from({ length }, () => rng.below(small.vocabulary));
  return tokenWindows([text(31), { tokens: text(12), from: 7 }], { length: 11 });
}

describe('gradients of whole models', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    it(`are finite differences for every tensor: ${name}`, async () => {
      const model = transformer(shape);
      const errors = await directionalErrors(model, texts(1));
      for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(2e-3);
      expect(errors.length).toBe(model.layout.tensors.length);
    });
  }

  it('are the same bits with checkpoints, and in plain JavaScript', async () => {
    const found = [];
    for (const [kernels, checkpoint] of [
      ['fastest', false],
      ['fastest', true],
      ['plain', false],
    ] as const) {
      const model = transformer({ ...shapes.llama, kernels } as TransformerOptions);
      const at = model.init(seededRng(4));
      found.push(await languageTrainer(model, texts(2), { checkpoint }).gradient(at));
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  it('are the same bits where softmaxes and norms are computed again instead of being kept', async () => {
    const model = transformer({ style: 'llama', vocabulary: 37, width: 64, layers: 2, heads: 2, context: 256 });
    const [length, batch] = [256, 33];
    const keptShares = 4 * 2 * batch * 2 * length ** 2;
    expect(model.memory({ batch, length }).workspace).toBeLessThan(3.2 * keptShares);
    const rng = seededRng(7);
    const windows = tokenWindows([Array.from({ length: batch * length + 1 }, () => rng.below(37))], { length });
    const at = model.init(rng);
    const gradient = (checkpoint: boolean) =>
      languageTrainer(model, windows, { microBatch: batch, checkpoint }).gradient(at);
    // With checkpoints a block goes forward again and keeps both until its way back.
    expect(await gradient(false)).toEqual(await gradient(true));
  });

  it('do not depend on how many windows go through at a time but for rounding', async () => {
    const model = transformer(shapes.gpt);
    const at = model.init(seededRng(5));
    const [whole, single] = [4, 1].map((microBatch) => languageTrainer(model, texts(3), { microBatch }).gradient(at));
    const [a, b] = await Promise.all([whole, single]);
    a.forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThan(1e-6));
  });
});
