import { decodeSafetensors, encodeSafetensors, Layout, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { type AdapterVector, adapterVectors, distance, modelVectors } from '../../test/vectors.helpers.ts';
import { lora } from '../adapt/lora.ts';
import { promptTuning } from '../adapt/prompt-tuning.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import { adapt } from '../model/transformer.ts';
import { loadSafetensors } from '../safetensors/load.ts';
import { bytesSource } from '../source/byte-source.ts';
import { exportPeft } from './export.ts';
import { importPeft } from './import.ts';

const [llama] = modelVectors();
const base = await loadSafetensors(bytesSource(llama.file), llama.config);
const vectors = adapterVectors();

/** The same model with the rows of q and k as convert_hf_to_gguf.py orders them. */
function likeGguf(): LanguageBase {
  const shape = { ...base.shape, rotaryPairs: 'interleaved' } as const;
  const builder = baseBuilder('test', shape, new Map([...base.tensors].map(([name, { kind }]) => [name, kind])));
  for (const [name, { at, bytes, shape: own }] of base.tensors) {
    const from = base.memory.bytes.slice(at, at + bytes);
    const into = builder.place(name, 'f32');
    into.set(from);
    if (!/[qk]_proj/.test(name)) continue;
    const [rows, columns] = own;
    const heads = rows / shape.headWidth;
    // reshape(heads, 2, half, columns).swapaxes(1, 2)
    let to = 0;
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < shape.headWidth / 2; i++) {
        for (let side = 0; side < 2; side++) {
          const row = (head * 2 + side) * (shape.headWidth / 2) + i;
          into.set(from.subarray(4 * row * columns, 4 * (row + 1) * columns), 4 * columns * to++);
        }
      }
    }
  }
  return builder.finish();
}

const changed = (vector: AdapterVector, config: Record<string, unknown>) => ({
  ...vector,
  config: { ...vector.config, ...config },
});

describe("PEFT's adapters", () => {
  it.each(vectors)("have PEFT's logits: $title", (vector) => {
    const { model, params } = importPeft(base, vector);
    expect(distance(vector.logits, llama.logits)).toBeGreaterThan(0.1);
    expect(distance(model.logits(params, llama.tokens), vector.logits)).toBeLessThan(1e-4);
  });

  it.each(vectors)('have them over a base whose rows lie as in GGUF files: $title', (vector) => {
    const own = likeGguf();
    const { model, params } = importPeft(own, vector);
    expect(distance(model.logits(params, llama.tokens), vector.logits)).toBeLessThan(1e-4);
    // Written again they are what PEFT wrote.
    const { file } = exportPeft(model, params);
    const [back, first] = [decodeSafetensors(file), decodeSafetensors(vector.file)];
    expect(new Set(back.layout.tensors.map(({ name }) => name))).toEqual(
      new Set(first.layout.tensors.map(({ name }) => name)),
    );
    for (const { name } of first.layout.tensors) {
      expect(back.layout.view(back.values, name), name).toEqual(first.layout.view(first.values, name));
    }
  });

  it.each(vectors)('come back from an export as they were: $title', (vector) => {
    const { model, params } = importPeft(base, vector);
    const again = importPeft(base, exportPeft(model, params));
    expect(again.params).toEqual(params);
    expect(again.model.adaptation.settings).toEqual(model.adaptation.settings);
    expect(again.model.layout.equals(model.layout)).toBe(true);
  });

  it('of FFA-LoRA are written with the A that everybody has', () => {
    const model = adapt(base, lora({ rank: 2, targets: ['q_proj'], frozenA: { seed: 4 } }));
    const params = model.init(seededRng(1)).map((_, i) => 0.1 * ((i % 7) - 3));
    const plain = importPeft(base, exportPeft(model, params));
    expect(plain.model.layout.size).toBeGreaterThan(params.length);
    const found = plain.model.logits(plain.params, llama.tokens);
    expect(distance(found, model.logits(params, llama.tokens))).toBe(0);
  });

  it('fit the base that they name, no other', () => {
    const { model, params } = importPeft(base, vectors[0]);
    const written = exportPeft(model, params);
    expect(() => importPeft(likeGguf(), written)).toThrowError(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
    );
  });

  const [first] = vectors;
  const without = (() => {
    const { layout, values, metadata } = decodeSafetensors(first.file);
    const part = layout.select(({ name }) => !name.includes('layers.1.'));
    return encodeSafetensors({ layout: Layout.of(part.tensors), values: part.gather(values), metadata });
  })();

  it.each<[string, AdapterVector]>([
    ['another kind', changed(first, { peft_type: 'PREFIX_TUNING' })],
    ['no configuration', { ...first, config: null as never }],
    ['another rank', changed(first, { r: 5 })],
    ['a rank that is none', changed(first, { r: 'three' })],
    ['unknown products', changed(first, { target_modules: ['c_attn'] })],
    ['products beside those of the file', changed(first, { target_modules: ['q_proj', 'v_proj', 'o_proj'] })],
    ['fewer products than the file has', changed(first, { target_modules: ['q_proj'] })],
    ['ranks by pattern', changed(first, { rank_pattern: { q_proj: 8 } })],
    ['trained biases', changed(first, { bias: 'all' })],
    ['transposed factors', changed(first, { fan_in_fan_out: true })],
    ['a missing block', { ...first, file: without }],
    ['a truncated file', { ...first, file: first.file.subarray(0, 999) }],
    ['(IA)³ elsewhere', changed(vectors[4], { target_modules: ['q_proj'] })],
  ])('are refused: %s', (_, vector) => {
    expect(() => importPeft(base, vector)).toThrowError(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });

  it('are not made of prompts', () => {
    const model = adapt(base, promptTuning({ tokens: 2 }));
    expect(() => exportPeft(model, model.init(seededRng(1)))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
