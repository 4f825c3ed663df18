import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { adapt, transformer, type TransformerOptions } from '../model/transformer.ts';
import { directionalErrors } from '../../test/gradient-check.helpers.ts';
import { freeze } from '../quantize/freeze.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import type { Adaptation } from './adaptation.ts';
import { full } from './full.ts';
import { ia3 } from './ia3.ts';
import { lora } from './lora.ts';
import { promptTuning } from './prompt-tuning.ts';

const shape = { vocabulary: 37, width: 32, layers: 3, heads: 4, keyValueHeads: 2, hidden: 64, context: 24 } as const;
const windows = (() => {
  const rng = seededRng(7);
  return tokenWindows([Array.from({ length: 40 }, () => rng.below(37))], { length: 13 });
})();

function base(options: Partial<TransformerOptions> = {}, kind: 'f32' | 'q8_0' | 'nf4' = 'f32') {
  const model = transformer({ ...shape, ...options });
  const rng = seededRng(5);
  return freeze(
    model,
    model.init(rng).map((value) => value + 0.2 * (rng.uniform() - 0.5)),
    { kind },
  );
}

const adaptations: Readonly<Record<string, Adaptation>> = {
  'LoRA on q and v': lora({ rank: 2, targets: ['q_proj', 'v_proj'] }),
  'LoRA on everything': lora({ rank: 3, alpha: 5, targets: 'all-linear' }),
  'rsLoRA in the middle block': lora({ rank: 4, rankStabilized: true, targets: 'all-linear', layers: (l) => l === 1 }),
  'FFA-LoRA': lora({ rank: 2, targets: 'all-linear', frozenA: { seed: 3 } }),
  DoRA: lora({ rank: 2, targets: 'all-linear', decomposed: true }),
  '(IA)³': ia3(),
  'prompt tuning': promptTuning({ tokens: 3 }),
  'the top block': full({ filter: (name) => name.startsWith('model.layers.2.') }),
  'norms and embedding': full({ filter: (name) => /norm|embed/.test(name) }),
};

describe('adapters', () => {
  for (const [name, adaptation] of Object.entries(adaptations)) {
    for (const style of ['llama', 'gpt'] as const) {
      it(`have gradients that are finite differences: ${name}, ${style}`, async () => {
        const model = adapt(base({ style }, style === 'gpt' ? 'f32' : 'q8_0'), adaptation);
        for (const [tensor, error] of await directionalErrors(model, windows)) {
          // DoRA holds the norm constant in its gradient, so its factors' gradients are not the loss's own.
          if (name === 'DoRA' && !tensor.includes('magnitude')) continue;
          expect(error, tensor).toBeLessThan(2e-3);
        }
      });
    }

    it(`give the same bits in plain JavaScript and with checkpoints: ${name}`, async () => {
      const found = [];
      for (const [kernels, checkpoint] of [
        ['fastest', false],
        ['fastest', true],
        ['plain', false],
      ] as const) {
        const start = transformer(shape);
        const frozen = freeze(start, start.init(seededRng(2)), { kind: 'nf4', kernels });
        const model = adapt(frozen, adaptation);
        const at = model.init(seededRng(1)).map((value, i) => value + 0.01 * ((i % 7) - 3));
        found.push(await languageTrainer(model, windows, { checkpoint }).gradient(at));
      }
      expect(found[1]).toEqual(found[0]);
      expect(found[2]).toEqual(found[0]);
    });
  }

  it('start as the base itself, but for prompts', () => {
    const frozen = base();
    const expected = adapt(frozen, full()).evaluate(adapt(frozen, full()).init(seededRng(1)), windows).loss;
    for (const [name, adaptation] of Object.entries(adaptations)) {
      if (adaptation.prompt) continue;
      const model = adapt(frozen, adaptation);
      expect(Math.abs(model.evaluate(model.init(seededRng(1)), windows).loss - expected), name).toBeLessThan(1e-5);
    }
  });

  it('of DoRA have the gradient of a product whose norm is a constant', async () => {
    const frozen = base();
    const tensor = 'model.layers.1.mlp.up_proj';
    const targets = { targets: ['up_proj'], layers: (l: number) => l === 1 } as const;
    const dora = adapt(frozen, lora({ rank: 2, ...targets, decomposed: true }));
    const plain = adapt(frozen, lora({ rank: 2, ...targets }));
    // At B = 0 and magnitudes equal to the norms both are one function of B, and so are their gradients.
    const start = dora.init(seededRng(3));
    const same = plain.init(seededRng(3));
    const [own, other] = await Promise.all([
      languageTrainer(dora, windows).gradient(start),
      languageTrainer(plain, windows).gradient(same),
    ]);
    const factor = dora.layout.view(own, `${tensor}.lora_B.weight`);
    plain.layout.view(other, `${tensor}.lora_B.weight`).forEach((value, i) => {
      expect(Math.abs(value - factor[i])).toBeLessThan(1e-5);
    });
  });

  it('say what they are: parameters of LoRA on all products of a block', () => {
    const model = adapt(base(), lora({ rank: 2, targets: 'all-linear', layers: (l) => l === 0 }));
    const { width: d, hidden: f } = shape;
    // q, o: d × d; k, v: d/2 × d; gate, up: f × d; down: d × f.
    expect(model.layout.size).toBe(2 * (2 * 2 * d + 2 * 1.5 * d + 3 * (d + f)));
  });

  it.each([
    ['unknown products', () => lora({ rank: 2, targets: ['c_attn' as 'q_proj'] }), 'INVALID_ARGUMENT'],
    ['no product', () => lora({ rank: 2, targets: [] }), 'INVALID_ARGUMENT'],
    ['a rank of 0', () => lora({ rank: 0, targets: ['q_proj'] }), 'OUT_OF_RANGE'],
    ['an α of 0', () => lora({ rank: 1, alpha: 0, targets: ['q_proj'] }), 'OUT_OF_RANGE'],
    [
      'DoRA with a frozen A',
      () => lora({ rank: 1, targets: ['q_proj'], decomposed: true, frozenA: { seed: 1 } }),
      'INVALID_ARGUMENT',
    ],
    ['no block', () => adapt(base(), lora({ rank: 1, targets: ['q_proj'], layers: () => false })), 'INVALID_ARGUMENT'],
    [
      'a product that the model lacks',
      () => adapt(base({ style: 'gpt' }), lora({ rank: 1, targets: ['gate_proj'] })),
      'INVALID_ARGUMENT',
    ],
    ['a prompt that fills the context', () => adapt(base(), promptTuning({ tokens: 24 })), 'OUT_OF_RANGE'],
    ['a filter that nothing passes', () => adapt(base(), full({ filter: () => false })), 'INVALID_ARGUMENT'],
    ['a base without weights', () => adapt(transformer(shape).base, ia3()), 'INVALID_ARGUMENT'],
  ])('refuse %s', (_, make, code) => {
    expect(make).toThrowError(expect.objectContaining({ code }));
  });
});
