import { seededRng } from '@fedkit/core';
import { sha256Hex } from '@fedkit/core/internal';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/lloyd-max.json' with { type: 'json' };
import { contextOf, LAWS, normals } from '../../test/support.ts';
import { clientSeed, eden, type EdenScale, measure } from '../index.ts';
import { DISTORTIONS } from './centroids.ts';
import { LLOYD_MAX } from './quantizers.ts';

const SIZE = 2 ** 18;

/** ∫ x^power φ(x) dx by Simpson's rule. */
function momentOf(from: number, to: number, power: number): number {
  const panels = 400;
  const step = (to - from) / panels;
  let sum = 0;
  for (let k = 0; k <= panels; k++) {
    const x = from + k * step;
    sum += (k === 0 || k === panels ? 1 : 2 + 2 * (k % 2)) * x ** power * Math.exp((-x * x) / 2);
  }
  return (sum * step) / 3 / Math.sqrt(2 * Math.PI);
}

describe('the quantizers', () => {
  it('are the published ones', () => {
    for (const [bits, levels] of Object.entries(vectors.halfCentroids)) {
      // Half a float32 ulp, and what the published iteration had left to converge.
      const half = LLOYD_MAX[Number(bits) - 1].levels.slice(levels.length);
      expect(half.length).toBe(levels.length);
      levels.forEach((level, i) => expect(Math.abs(half[i] - level)).toBeLessThan(1e-6));
    }
    for (const [bits, distortion] of Object.entries(vectors.distortions)) {
      expect(Math.abs(DISTORTIONS[Number(bits) - 1] - distortion)).toBeLessThan(6e-7);
    }
  });

  it.each(LLOYD_MAX)('$bits bits: every level is the mean of its cell, and the error is the one stated', (own) => {
    const levels = Float64Array.from(own.levels);
    let error = 1;
    levels.forEach((level, i) => {
      const from = i === 0 ? -12 : (levels[i - 1] + level) / 2;
      const to = i === levels.length - 1 ? 12 : (level + levels[i + 1]) / 2;
      const [mass, first] = [0, 1].map((power) => momentOf(from, to, power));
      expect(Math.abs(level - first / mass)).toBeLessThan(4e-7);
      error += level * level * mass - 2 * level * first;
    });
    expect(Math.abs(error / DISTORTIONS[own.bits - 1] - 1)).toBeLessThan(1e-6);
  });

  // A client and a server whose levels differ in a bit come to different sums.
  it('have the bits that both ends go by', () => {
    const all = Float32Array.from(LLOYD_MAX.flatMap(({ levels }) => [...levels]));
    expect(sha256Hex(new Uint8Array(all.buffer))).toMatchInlineSnapshot(
      `"93539c9b89d35ab09f48381273dad51e34d0d2220b99a3c8af527e67d858c5e9"`,
    );
  });
});

describe('eden', () => {
  const table = Object.keys(LAWS).flatMap((law) => [1, 2, 4].map((bits) => [law, bits] as const));

  // The mean of eight rotations of 2^18 values has a relative standard error of 0.3 % at most.
  it.each(table)('%s input at %i bits: the error of the table within 1 percent', (law, bits) => {
    const values = LAWS[law](SIZE, seededRng(law));
    const distortion = (vectors.distortions as Record<string, number>)[bits];
    const expected: Record<EdenScale, number> = {
      unbiased: distortion / (1 - distortion),
      'min-mse': distortion,
      norm: 2 - 2 * Math.sqrt(1 - distortion),
    };
    for (const scale of ['unbiased', 'min-mse', 'norm'] as const) {
      const measured = Array.from({ length: 8 }, (_, i) => measure(eden({ bits, scale }), values, contextOf(i)));
      const nmse = measured.reduce((sum, one) => sum + one.nmse / measured.length, 0);
      expect(Math.abs(nmse / expected[scale] - 1), scale).toBeLessThan(0.01);
      for (const { bitsPerCoordinate } of measured) expect(bitsPerCoordinate).toBeLessThan(bits + 0.003);
    }
  });

  it('errs less with every further fraction of a bit, and takes the bits it was given', () => {
    const values = normals(2 ** 16, seededRng('fractions'));
    let before = Infinity;
    for (const bits of [0.01, 0.1, 0.3, 0.5, 0.75, 0.9, 1, 1.1, 1.5, 1.9, 2, 2.25, 3, 3.5, 4.7, 5, 6.5, 7.9, 8]) {
      const { nmse, bitsPerCoordinate } = measure(eden({ bits }), values, contextOf('fractions'));
      expect(nmse).toBeLessThan(before);
      expect(Math.abs(bitsPerCoordinate - bits)).toBeLessThan(0.005);
      before = nmse;
    }
  });

  it('sends a fraction of the coordinates below one bit: error π / (2 · bits) − 1', () => {
    const values = normals(SIZE, seededRng('below one'));
    for (const bits of [0.1, 0.5]) {
      const { nmse } = measure(eden({ bits }), values, contextOf('below one'));
      expect(Math.abs((nmse + 1) / (Math.PI / 2 / bits) - 1)).toBeLessThan(0.01);
    }
  });

  it('averages out over clients with seeds of their own, at different rates', () => {
    const values = normals(4096, seededRng('clients'));
    const roundSeed = new Uint8Array(32).fill(9);
    const clients = 64;
    const mean = new Float64Array(values.length);
    let expected = 0;
    for (let client = 0; client < clients; client++) {
      const codec = eden({ bits: [0.5, 1, 2, 3.3][client % 4] });
      const context = { sharedSeed: clientSeed(roundSeed, client) };
      const bytes = codec.encode(values, context);
      codec.decode(bytes, context).forEach((value, i) => (mean[i] += value / clients));
      expected += measure(codec, values, context, bytes).variance / clients ** 2;
    }
    const error = mean.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0);
    expect(error / expected).toBeGreaterThan(0.85);
    expect(error / expected).toBeLessThan(1.15);
  });

  it('is exact on what one bit can hold, and zero on zero tiles among others', () => {
    const values = new Float32Array(40_000);
    values.set(normals(16_384, seededRng(1)), 16_384);
    const context = contextOf('zeros');
    const decoded = eden({ bits: 2 }).decode(eden({ bits: 2 }).encode(values, context), context);
    expect(decoded.subarray(0, 16_384)).toEqual(new Float32Array(16_384));
    expect(decoded.subarray(32_768)).toEqual(new Float32Array(7232));
  });

  it('refuses rates and scales that are none', () => {
    for (const bits of [0, -1, Number.NaN, Infinity, 8.01]) {
      expect(() => eden({ bits })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => eden({ bits: 1, scale: 'best' as EdenScale })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
