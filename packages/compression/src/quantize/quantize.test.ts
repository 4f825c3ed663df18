import { seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf, LAWS, normals, same } from '../../test/support.ts';
import {
  codebook,
  contraction,
  dithered,
  eden,
  float16,
  float32,
  measure,
  natural,
  pipe,
  qsgd,
  rotated,
  scaledSign,
  signSgd,
  ternary,
  topK,
  uniform,
} from '../index.ts';

const SIZE = 2 ** 17;
const context = contextOf('quantize');
const inputs = Object.fromEntries(Object.entries(LAWS).map(([law, draw]) => [law, draw(SIZE, seededRng(law))]));
const nmse = (codec: Codec, law = 'normal') => measure(codec, inputs[law], context).nmse;

describe('half precision', () => {
  it('has a relative error of 2^-11 and reaches beyond 65,504 by a shared exponent', () => {
    expect(nmse(float16())).toBeLessThan(5e-8);
    const large = Float32Array.of(3e38, -1e38, 1e37);
    const decoded = float16().decode(float16().encode(large, context));
    large.forEach((value, i) => expect(Math.abs(decoded[i] / value - 1)).toBeLessThan(2 ** -11));
  });
});

describe('quantizers', () => {
  it('float32 is lossless and smaller than 32 bits', () => {
    for (const values of [...Object.values(inputs), Float32Array.of(-0, 1e-45, -3.4e38)]) {
      expect(same(float32().decode(float32().encode(values, context)), values)).toBe(true);
    }
    expect(measure(float32(), inputs.normal, context).bitsPerCoordinate).toBeLessThan(27.5);
  });

  it('match the reference errors on normal input', () => {
    const sorted = inputs.normal.slice().sort();
    const range = sorted[SIZE - 1] - sorted[0];
    for (const bits of [4, 8]) {
      // Rounding at random between points a step apart: step² / 6 on smooth input.
      expect(Math.abs(nmse(uniform({ bits })) / ((range / (2 ** bits - 1)) ** 2 / 6) - 1)).toBeLessThan(0.03);
    }
    expect(Math.abs(nmse(natural()) / 0.0817 - 1)).toBeLessThan(0.02);
    expect(Math.abs(nmse(scaledSign()) / (1 - 2 / Math.PI) - 1)).toBeLessThan(0.01);
    expect(Math.abs(nmse(codebook({ bits: 8 })) / 1.83e-4 - 1)).toBeLessThan(0.1);
    // Where levels are far apart, a value is rounded to 0 or 1: E|x| · √d / s − 1.
    const expected = (Math.sqrt(2 / Math.PI) * Math.sqrt(SIZE)) / 7 - 1;
    expect(Math.abs(nmse(qsgd({ bits: 4, bucket: SIZE })) / expected - 1)).toBeLessThan(0.03);
  });

  it('qsgd has 4 bits and buckets of 512 unless told otherwise', () => {
    const bytes = (codec: Codec) => codec.encode(inputs.normal.subarray(0, 2000), contextOf('defaults'));
    expect(bytes(qsgd())).toEqual(bytes(qsgd({ bits: 4, bucket: 512 })));
  });

  it('natural compression keeps its variance within 1/8 of the value squared', () => {
    for (const law of Object.keys(LAWS)) expect(nmse(natural(), law)).toBeLessThan(0.125);
  });

  it('QSGD stays within min(n / s², √n / s) of each bucket', () => {
    for (const [bits, bucket] of [
      [2, 64],
      [4, 512],
      [8, 128],
    ]) {
      const s = 2 ** (bits - 1) - 1;
      expect(nmse(qsgd({ bits, bucket }))).toBeLessThan(Math.min(bucket / s ** 2, Math.sqrt(bucket) / s));
    }
  });

  it('rotation rescues uniform quantization from heavy tails', () => {
    expect(nmse(uniform({ bits: 4 }), 'student-t(3)')).toBeGreaterThan(1);
    expect(nmse(rotated(uniform({ bits: 4 })) as never, 'student-t(3)')).toBeLessThan(0.09);
  });

  it('ternary takes at most log2 3 bits and a header', () => {
    const worst = Float32Array.from({ length: SIZE }, (_, i) => [1, 0.001, -1][i % 3] * (1 + (i % 7) * 1e-7));
    for (const values of [...Object.values(inputs), worst]) {
      expect(measure(ternary(), values, context).bitsPerCoordinate).toBeLessThan(1.6);
    }
  });

  it('sign sends ±1, zero as +1', () => {
    const values = Float32Array.of(3, -0.1, 0, -7);
    expect(signSgd().decode(signSgd().encode(values, context))).toEqual(Float32Array.of(1, -1, 1, -1));
    expect(scaledSign().decode(scaledSign().encode(Float32Array.of(3, -1), context))).toEqual(Float32Array.of(2, -2));
  });

  it('promise for every encoding what no draw decides, and else on average', () => {
    const chosen = pipe(topK({ density: 0.25 }), scaledSign());
    for (const codec of [scaledSign(), float16(), chosen]) expect(codec.guarantee).toMatchObject({ pathwise: true });
    expect(contraction(eden({ bits: 4 })).guarantee).toMatchObject({ kind: 'contraction', pathwise: false });
  });

  it('dithered: step² / 12, whatever the input, and fewer bits than EDEN at the same error', () => {
    for (const law of Object.keys(LAWS)) {
      for (const step of [2, 0.5, 0.1]) {
        expect(Math.abs(nmse(dithered({ step }), law) / (step ** 2 / 12) - 1)).toBeLessThan(0.02);
      }
    }
    // At EDEN-4's unbiased error.
    const step = Math.sqrt(12 * 0.009592);
    const { bitsPerCoordinate } = measure(dithered({ step }), inputs.normal, context);
    expect(bitsPerCoordinate).toBeLessThan(measure(eden({ bits: 4 }), inputs.normal, context).bitsPerCoordinate - 0.3);
  });

  it('refuse bits, buckets and magnitudes out of range', () => {
    const refused = expect.objectContaining({ code: 'OUT_OF_RANGE' });
    for (const bits of [0, 17, 2.5, Number.NaN]) expect(() => uniform({ bits })).toThrow(refused);
    expect(() => qsgd({ bits: 1 })).toThrow(refused);
    expect(() => qsgd({ bucket: 0 })).toThrow(refused);
    expect(() => codebook({ bits: 9 })).toThrow(refused);
    for (const step of [0, 2 ** -21, 17]) expect(() => dithered({ step })).toThrow(refused);
    expect(() => natural().encode(Float32Array.of(2e38), context)).toThrow(refused);
  });

  it('need no stream of the caller: the platform seeds one', () => {
    const values = normals(1000, seededRng(2));
    const { sharedSeed } = context;
    const first = uniform({ bits: 2 }).encode(values, { sharedSeed });
    expect(uniform({ bits: 2 }).encode(values, { sharedSeed })).not.toEqual(first);
  });
});
