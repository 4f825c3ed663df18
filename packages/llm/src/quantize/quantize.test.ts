import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizedVectors } from '../../test/vectors.helpers.ts';
import { expandWeight } from '../kernels/dequantize.ts';
import type { WeightKind } from '../kernels/kinds.ts';
import { quantize } from './quantize.ts';

/** Blocks of 64 from the seed, with outliers, one of them constant and one zero. */
function blocks(seed: number, scale: number): Float32Array {
  const rng = seededRng(seed);
  return Float32Array.from({ length: 256 }, (_, i) => {
    if (i >= 192) return i >= 224 ? 0 : 0.5 * scale;
    return scale * (2 * rng.uniform() - 1) * (rng.below(20) === 0 ? 5 : 1);
  });
}

// Largest error as a share of the block's largest magnitude; q4_0 loses up to a step at the far end, q4_1 half of one of
// fifteen over both signs; each scale is rounded to float16 (2^−11), and so is q4_1's minimum.
const WORST: Readonly<Record<WeightKind, number>> = {
  f32: 0,
  f16: 2 ** -11,
  q8_0: 0.5 / 127 + 2 ** -10,
  q4_0: 1 / 8 + 2 ** -10,
  q4_1: 1 / 15 + 2 ** -9,
  nf4: 0.16,
};

describe('quantize', () => {
  it.each(Object.keys(WORST) as WeightKind[])('keeps %s within its bound', (kind) => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.double({ min: 1e-3, max: 100, noNaN: true }), (seed, scale) => {
        const values = blocks(seed, scale);
        const back = expandWeight(kind, quantize(kind, values), values.length);
        for (let b = 0; b < values.length; b += 64) {
          const largest = Math.max(...values.subarray(b, b + 64).map(Math.abs));
          // Below 2^−14 float16 counts in steps of 2^−24, so a scale there is off by half of one whatever its size.
          const bound = WORST[kind] * largest + 128 * 2 ** -25;
          for (let i = b; i < b + 64; i++) expect(Math.abs(back[i] - values[i])).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives back, bit for bit, what its own codes stand for', () => {
    for (const kind of ['f16', 'q8_0', 'q4_0', 'nf4'] as const) {
      const once = expandWeight(kind, quantize(kind, blocks(3, 1)), 256);
      const twice = expandWeight(kind, quantize(kind, once), 256);
      twice.forEach((value, i) => expect(Math.abs(value - once[i]), `${kind} ${i}`).toBeLessThan(2e-3));
    }
  });

  it.each(quantizedVectors().bytes)("gives ggml's bytes: %s", (name, bytes) => {
    expect(quantize(name.toLowerCase() as WeightKind, quantizedVectors().values)).toEqual(bytes);
  });

  it.each([
    ['parts of blocks', new Float32Array(33), 'SHAPE_MISMATCH'],
    ['NaN', new Float32Array(32).fill(Number.NaN), 'OUT_OF_RANGE'],
    ['values whose scale float16 does not have', new Float32Array(32).fill(1e8), 'OUT_OF_RANGE'],
  ])('refuses %s', (_, values, code) => {
    expect(() => quantize('q8_0', values)).toThrowError(expect.objectContaining({ code }));
  });
});
