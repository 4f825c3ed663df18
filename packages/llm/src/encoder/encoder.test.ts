import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { distance, encoderVectors } from '../../test/vectors.helpers.ts';
import { bytesSource } from '../source/byte-source.ts';
import { loadEncoder } from './load.ts';

const vectors = encoderVectors();
const [first] = vectors;

describe('encoders', () => {
  for (const { title, file, config, tokens, states, mean } of vectors) {
    it(`have transformers' states: ${title}`, async () => {
      const encoder = await loadEncoder(bytesSource(file), config);
      const found = encoder.states(tokens);
      expect(Math.max(...states.map(Math.abs))).toBeGreaterThan(1);
      expect(distance(found, states)).toBeLessThan(1e-5);
      expect(distance(encoder.embed([tokens])[0], mean)).toBeLessThan(1e-6);
      const plain = await loadEncoder(bytesSource(file), config, { kernels: 'plain' });
      expect(plain.states(tokens)).toEqual(found);
      expect(plain.digest()).toBe(encoder.digest());
    });
  }

  it('tell the two GELUs apart', async () => {
    const other = await loadEncoder(bytesSource(first.file), { ...first.config, hidden_act: 'gelu_new' });
    expect(distance(other.states(first.tokens), first.states)).toBeGreaterThan(1e-4);
  });

  it('give a text the same vector whatever stands beside it', async () => {
    const encoder = await loadEncoder(bytesSource(first.file), first.config);
    const rng = seededRng(3);
    // More rows than go through at a time.
    const texts = Array.from({ length: 90 }, () => Array.from({ length: 1 + rng.below(24) }, () => rng.below(61)));
    const together = encoder.embed(texts, { normalize: false });
    for (const i of [0, 1, 40, 89]) {
      expect(distance(encoder.embed([texts[i]], { normalize: false })[0], together[i]), `${i}`).toBeLessThan(1e-5);
      const states = encoder.states(texts[i]);
      const mean = together[i].map((_, j) => states.reduce((sum, value, at) => sum + (at % 42 === j ? value : 0), 0));
      expect(
        distance(
          together[i],
          mean.map((value) => value / texts[i].length),
        ),
      ).toBeLessThan(1e-5);
    }
    for (const vector of encoder.embed(texts)) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(encoder.embed([])).toEqual([]);
  });

  it('stay near in half the bytes', async () => {
    const encoder = await loadEncoder(bytesSource(first.file), first.config);
    const half = await loadEncoder(bytesSource(first.file), first.config, { kind: 'f16' });
    expect(half.weightBytes).toBeLessThan(0.55 * encoder.weightBytes);
    expect(distance(half.states(first.tokens), first.states)).toBeLessThan(0.01);
    expect(half.digest()).not.toBe(encoder.digest());
  });

  it('refuse what they do not compute, by name, before anything is read', async () => {
    const load = (changes: object) => loadEncoder(bytesSource(first.file), { ...first.config, ...changes });
    const refused: readonly [object, RegExp][] = [
      [{ model_type: 'roberta' }, /model_type/],
      [{ hidden_act: 'relu' }, /hidden_act/],
      [{ position_embedding_type: 'relative_key' }, /position_embedding_type/],
      [{ is_decoder: true }, /is_decoder/],
      [{ num_attention_heads: 4 }, /heads/],
      [{ hidden_size: 1e9 }, /width/],
      [{ vocab_size: '61' }, /vocab_size/],
      [{ vocab_size: 60 }, /word_embeddings/],
      [{ num_hidden_layers: 3 }, /encoder\.layer\.2/],
      [{ num_hidden_layers: 1 }, /encoder\.layer\.1/],
    ];
    for (const [changes, message] of refused) {
      await expect(load(changes), JSON.stringify(changes)).rejects.toThrowError(message);
      await expect(load(changes)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    }
    await expect(loadEncoder(bytesSource(first.file), null)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    const rng = seededRng(5);
    for (let i = 0; i < 20; i++) {
      const cut = bytesSource(first.file.subarray(0, rng.below(first.file.length)));
      await expect(loadEncoder(cut, first.config)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    }
  });

  it('refuse tokens that they do not have', async () => {
    const encoder = await loadEncoder(bytesSource(first.file), first.config);
    for (const tokens of [[61], [-1], [0.5], Array.from({ length: 25 }, () => 1)]) {
      expect(() => encoder.states(tokens)).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
      expect(() => encoder.embed([[1], tokens])).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => encoder.states([])).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
