import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import { chunkedTopK, cosine, decode, errorFeedback, float32, rotated, topK } from '../index.ts';

const context = contextOf('cosine');
const coefficients = (values: Float32Array, chunk: number) => {
  // The inner codec's message is the transform itself: kind 1 in the byte after the chunk.
  let seen = new Float32Array(0);
  const inner = { ...float32() };
  const spy = { ...inner, encode: (x: Float32Array, c: never) => ((seen = x.slice()), inner.encode(x, c)) };
  cosine(spy as never, { chunk }).encode(values, context);
  return seen;
};
const error = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - b[i]));

describe('cosine', () => {
  it('is the orthonormal DCT-II: scipy.fft.dct(x, norm="ortho"), scipy 1.17', () => {
    // dct([1, 2, 3, 4], norm='ortho') and dct([1, -1, 2], norm='ortho').
    const expected = [
      5, -2.230442497387663, 0, -0.15851266778110726, 1.1547005383792515, -0.7071067811865475, 2.041241452319315,
    ];
    const found = coefficients(Float32Array.of(1, 2, 3, 4, 1, -1, 2), 4);
    if (found.length > 0) found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    // The same through the wire, whose inner message holds them as float32.
    const decoded = cosine(float32(), { chunk: 4 }).decode(
      cosine(float32(), { chunk: 4 }).encode(Float32Array.of(1, 2, 3, 4, 1, -1, 2), context),
    );
    [1, 2, 3, 4, 1, -1, 2].forEach((value, i) => expect(decoded[i]).toBeCloseTo(value, 5));
  });

  it('is read by decode, a shorter last chunk too', () => {
    const values = normals(200, seededRng(1));
    const bytes = cosine(float32(), { chunk: 64 }).encode(values, context);
    expect(error(decode(bytes), values)).toBeLessThan(1e-5);
  });

  it('keeps a smooth update in few coefficients, where the values themselves or a rotation need many', () => {
    const smooth = Float32Array.from({ length: 640 }, (_, i) => Math.sin(i / 20) + 0.3 * Math.cos(i / 7));
    const kept = (codec: Parameters<typeof cosine>[0]) =>
      error(codec.decode(codec.encode(smooth, context), context), smooth) / error(new Float32Array(640), smooth);
    expect(kept(cosine(chunkedTopK({ keep: 6, chunk: 64 })))).toBeLessThan(0.12);
    expect(kept(chunkedTopK({ keep: 6, chunk: 64 }))).toBeGreaterThan(0.8);
    expect(kept(rotated(topK({ density: 6 / 64 })))).toBeGreaterThan(0.6);
  });

  it('states the guarantee of its codec, and keeps it', () => {
    const codec = cosine(topK({ density: 0.25 }));
    expect(codec.guarantee?.kind).toBe('contraction');
    // So does a rotation, whose type had said so.
    expect(rotated(topK({ density: 0.25 })).guarantee?.kind).toBe('contraction');
    const values = normals(1000, seededRng(2));
    const left = error(codec.decode(codec.encode(values, context)), values) / error(new Float32Array(1000), values);
    expect(left ** 2).toBeLessThanOrEqual(0.75);
  });

  it('compresses as DeMo does behind error feedback: the momentum keeps what was not sent', () => {
    const codec = cosine(chunkedTopK({ keep: 1, chunk: 4 }), { chunk: 4 });
    const feedback = errorFeedback(codec, { size: 4, decay: 0.5 });
    let momentum = new Float32Array(4);
    for (let round = 0; round < 5; round++) {
      const gradient = normals(4, seededRng(round));
      const encoded = feedback.encode(gradient, context);
      encoded.commit();
      const sent = codec.decode(encoded.bytes);
      // m ← β·m + Δ; send its largest coefficient; m ← m − what was sent.
      momentum = momentum.map((value, i) => 0.5 * value + gradient[i]);
      const own = codec.decode(codec.encode(momentum, context));
      sent.forEach((value, i) => expect(value).toBeCloseTo(own[i], 4));
      momentum = momentum.map((value, i) => value - own[i]);
    }
  });

  it('refuses chunks out of range and values it could not hold', () => {
    for (const chunk of [1, 257, 2.5])
      expect(() => cosine(float32(), { chunk })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => cosine(float32()).encode(Float32Array.of(2 ** 101, 0), context)).toThrowError(
      'cosine: values: expected magnitudes up to 2^100',
    );
  });
});
