import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf, normals, same } from '../../test/support.ts';
import { withPlainTile } from '../kernels/tile.ts';
import { commonRange, float16, rotated, rotation, threshold, uniform, walshHadamard } from '../index.ts';
import { rotate, rotateBack } from './rotated.ts';
import { forEachTile, paddedSize } from './tiles.ts';

const seed = seededRng('rotation').fill(new Uint8Array(32));
const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe('walshHadamard', () => {
  it('is the Hadamard matrix: entry (i, j) is −1 to the number of common bits', () => {
    for (const n of [1, 2, 4, 8, 16, 64]) {
      for (let j = 0; j < n; j++) {
        const unit = new Float32Array(n);
        unit[j] = 1;
        const column = walshHadamard(unit);
        column.forEach((value, i) => {
          let parity = 0;
          for (let common = i & j; common > 0; common &= common - 1) parity ^= 1;
          expect(value).toBe(parity === 1 ? -1 : 1);
        });
      }
    }
  });

  it('is its own inverse times n, beyond one tile too, and the same bits in the plain twin', () => {
    for (const n of [1024, 2 ** 14, 2 ** 15, 2 ** 18]) {
      // Small integers stay exact through every stage.
      const rng = seededRng(n);
      const values = Float32Array.from({ length: n }, () => rng.below(17) - 8);
      const once = walshHadamard(values.slice());
      expect(
        same(
          withPlainTile(() => walshHadamard(values.slice())),
          once,
        ),
      ).toBe(true);
      expect(
        same(
          walshHadamard(once.slice()).map((value) => value / n + 0),
          values,
        ),
      ).toBe(true);
      expect(once[0]).toBe(values.reduce((sum, value) => sum + value, 0));
    }
    const floats = normals(2 ** 17, seededRng(1));
    expect(
      same(
        withPlainTile(() => walshHadamard(floats.slice())),
        walshHadamard(floats.slice()),
      ),
    ).toBe(true);
  });

  it('refuses what is no power of two', () => {
    for (const n of [0, 3, 12, 1000]) {
      expect(() => walshHadamard(new Float32Array(n))).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    }
  });
});

describe('the rotation', () => {
  it('pads to a power of two of at least 16, from 64 on to a multiple of 64, and nothing that fits', () => {
    const sizes = [0, 1, 16, 17, 32, 33, 63, 64, 65, 128];
    expect(sizes.map(paddedSize)).toEqual([0, 16, 16, 32, 32, 64, 64, 64, 128, 128]);
  });

  it('covers any size with powers of two and pads by at most 63', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (size) => {
        let next = 0;
        forEachTile(size, (start, n) => {
          expect(start).toBe(next);
          expect(Number.isInteger(Math.log2(n)) && n >= 16 && n <= 16_384).toBe(true);
          next += n;
        });
        expect(next).toBe(paddedSize(size));
        expect(next - size).toBeGreaterThanOrEqual(0);
        expect(next - size).toBeLessThanOrEqual(63);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps norms and comes back, at any size and scale', () => {
    for (const size of [1, 7, 64, 1000, 16_384, 40_000]) {
      for (const scale of [1e-20, 1, 1e20]) {
        const values = normals(size, seededRng(size)).map((value) => value * scale);
        const turned = rotate(values, seed);
        expect(Math.abs(norm(turned) / norm(values) - 1)).toBeLessThan(1e-6);
        const back = rotateBack(turned, seed, size);
        expect(norm(back.map((value, i) => value - values[i])) / norm(values)).toBeLessThan(1e-6);
      }
    }
  });

  it('makes one spike Gaussian: fourth moment 3', () => {
    const spike = new Float32Array(16_384);
    spike[77] = 128;
    const turned = rotate(spike, seed);
    const fourth = turned.reduce((sum, value) => sum + value ** 4, 0) / turned.length;
    // Standard error √(96 / 16384) = 0.077: five of them.
    expect(Math.abs(fourth - 3)).toBeLessThan(0.4);
  });

  it('refuses what it could push out of range, and another seed', () => {
    const codec = rotated(uniform({ bits: 4 }));
    expect(() => codec.encode(Float32Array.of(1e31), contextOf(1))).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    expect(() => codec.encode(Float32Array.of(1), { sharedSeed: new Uint8Array(3) })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    const bytes = codec.encode(Float32Array.of(1), contextOf(1));
    expect(() => codec.decode(bytes, contextOf(2))).toThrow(/shared seed of the encoder/);
    expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('what a rotated codec guarantees', () => {
  it.each([1, 3, 17, 65])('holds for %i values, into which errors of the padding are rotated', (size) => {
    // Some of them as far from a half as they may be: halves below 2^-14 are 2^-24 apart.
    const values = Float32Array.from({ length: size }, (_, i) => (i + 1) * 1e-7);
    const energy = values.reduce((sum, value) => sum + value ** 2, 0);
    for (const codec of [rotated(float16()), rotated(threshold({ magnitude: 1e-7 }))]) {
      const { guarantee } = codec;
      const share = guarantee.kind === 'contraction' ? 1 - guarantee.delta(size) : 0;
      const stated = share * energy + size * (guarantee.error ?? 0) ** 2;
      for (let seed = 0; seed < 30; seed++) {
        const context = contextOf(`${size} ${seed}`);
        const decoded = codec.decode(codec.encode(values, context), { ...context, expectedSize: size });
        expect(values.reduce((sum, value, i) => sum + (value - decoded[i]) ** 2, 0)).toBeLessThanOrEqual(stated);
      }
    }
  });

  it('is what its codec does where that rounds at random, which only a share of comes back', () => {
    const grid = commonRange({ bits: 16, range: 1, contributors: 10 });
    expect(rotated(grid).guarantee).toEqual(grid.guarantee);
  });
});

describe('rotation by itself', () => {
  it('goes there and back, and refuses what is not its own', () => {
    const values = normals(100, seededRng(5));
    const turned = rotation.rotate(values, seed);
    expect(turned.length).toBe(rotation.paddedSize(100));
    const back = rotation.rotateBack(turned, seed, 100);
    expect(norm(back.map((value, i) => value - values[i])) / norm(values)).toBeLessThan(1e-6);
    expect(() => rotation.rotateBack(turned, seed, 200)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    expect(() => rotation.paddedSize(0)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => rotation.rotate([1] as unknown as Float32Array, seed)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
