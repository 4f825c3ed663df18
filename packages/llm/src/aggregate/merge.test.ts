import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { full } from '../adapt/full.ts';
import { ia3 } from '../adapt/ia3.ts';
import { lora } from '../adapt/lora.ts';
import type { WeightKind } from '../kernels/kinds.ts';
import type { LanguageBase } from '../model/base.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adapterUpdate } from './factors.ts';
import { mergeAdapter } from './merge.ts';
import { flora } from './products.ts';

const start = transformer({ vocabulary: 30, width: 32, layers: 2, heads: 2, context: 16 });
const params = start.init(seededRng(1)).map((value, i) => value + 0.05 * ((i % 5) - 2));
const baseOf = (kind: WeightKind) => freeze(start, params, { kind });
const tokens = [1, 5, 29, 3, 3, 8];

function logits(base: LanguageBase): Float32Array {
  const model = adapt(base, full({ filter: (name) => name === 'model.norm.weight' }));
  return model.logits(model.init(seededRng(1)), tokens);
}

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

/** A model with random factors, of this rank. */
function tuned(base: LanguageBase, rank: number, seed: number) {
  const model = adapt(base, lora({ rank, alpha: 3, targets: ['q_proj', 'down_proj'] }));
  const rng = seededRng(seed);
  return { model, values: model.init(rng).map(() => 0.3 * (rng.uniform() - 0.5)) };
}

describe('mergeAdapter', () => {
  it.each([
    ['f32', 1e-5],
    ['f16', 1e-2],
  ] as const)('gives the logits of base and adapter: %s', (kind, bound) => {
    const base = baseOf(kind);
    const { model, values } = tuned(base, 3, 1);
    const merged = mergeAdapter(model, values);
    expect(merged.threads).toBe(1);
    const expected = model.logits(values, tokens);
    expect(distance(logits(base), expected)).toBeGreaterThan(0.02);
    expect(distance(logits(merged), expected)).toBeLessThan(bound);
    expect(merged.digest()).not.toBe(base.digest());
  });

  it('makes a round of FLoRA of clients with different ranks: the stacked adapter, in the base', () => {
    const base = baseOf('f32');
    const clients = [2, 4, 1].map((rank, k) => tuned(base, rank, k + 1));
    const stacked = flora(clients.map(({ model, values }, k) => adapterUpdate(model, values, k + 1)));
    const wide = adapt(base, lora({ rank: 7, alpha: 7, targets: ['q_proj', 'down_proj'] }));
    const values = new Float32Array(wide.layout.size);
    for (const { name, offset } of wide.layout.tensors) values.set(stacked.layout.view(stacked.values, name), offset);
    expect(distance(logits(mergeAdapter(wide, values)), wide.logits(values, tokens))).toBeLessThan(1e-5);
    // And over a quantized base the same adapter goes on as an adapter.
    const quantized = adapt(baseOf('q8_0'), wide.adaptation);
    expect(distance(quantized.logits(values, tokens), wide.logits(values, tokens))).toBeLessThan(0.1);
  });

  it('puts B into the weights beside an A that never moved', () => {
    const model = adapt(baseOf('f32'), lora({ rank: 2, targets: 'all-linear', frozenA: { seed: 3 } }));
    const rng = seededRng(4);
    const values = model.init(rng).map(() => rng.uniform() - 0.5);
    expect(distance(logits(mergeAdapter(model, values)), model.logits(values, tokens))).toBeLessThan(1e-5);
    expect(distance(logits(model.base), model.logits(values, tokens))).toBeGreaterThan(0.02);
  });

  it.each([
    ['a quantized weight', () => tuned(baseOf('q8_0'), 2, 1)],
    [
      'another adapter',
      () => {
        const model = adapt(baseOf('f32'), ia3());
        return { model, values: model.init(seededRng(1)) };
      },
    ],
  ])('refuses %s', (_, make) => {
    const { model, values } = make();
    expect(() => mergeAdapter(model, values)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
