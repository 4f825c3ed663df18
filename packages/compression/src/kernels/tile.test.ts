import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { normals } from '../../test/support.ts';
import { PlainTile } from './plain.ts';
import { TILE, type Tile, tile, withPlainTile } from './tile.ts';
import { wasmTile } from './wasm.ts';

const sizes = Array.from({ length: 11 }, (_, i) => 16 << i);

/** Both twins after the same work on the same input. */
function both(n: number, work: (on: Tile) => unknown): [unknown, unknown] {
  const fast = wasmTile();
  if (fast === undefined) throw new Error('expected SIMD WebAssembly here');
  return [fast, new PlainTile()].map((on) => {
    const rng = seededRng(n);
    on.values.set(normals(n, rng));
    for (let i = 0; i < on.signs.length; i++) on.signs[i] = rng.uint32();
    return work(on);
  }) as [unknown, unknown];
}

describe('the tile', () => {
  it('is the SIMD one in this process unless the plain one is asked for', () => {
    expect(tile()).not.toBeInstanceOf(PlainTile);
    expect(withPlainTile(tile)).toBeInstanceOf(PlainTile);
  });

  it.each(sizes)('transforms, flips and sums %i values to the same bits in both twins', (n) => {
    for (const from of [1, 4, 8, n / 2].filter((from) => from < n)) {
      const [fast, plain] = both(n, (on) => {
        on.flip(0, n, 0.25);
        on.transform(n, from);
        on.flip(1, n, 1 / 8);
        return [on.sumOfSquares(n), on.values.slice(0, n)];
      });
      expect(fast).toEqual(plain);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'quantizes, packs and unpacks at %i bits to the same bits in both twins',
    (bits) => {
      for (const [start, count] of [
        [0, TILE],
        [5, 1000],
        [100, 17],
        [3, 1],
      ]) {
        const [fast, plain] = both(TILE, (on) => {
          const bounds = 2 ** (bits - 1) - 1;
          for (let i = 0; i < bounds; i++) on.bounds[i] = ((i + 1) * 3) / (bounds + 1);
          for (let i = 0; i < 2 ** bits; i++) on.table[i] = Math.fround((i - 2 ** (bits - 1) + 0.5) / 3);
          on.quantize(start, count, bounds);
          on.moments(start, count);
          const codes = on.codes.slice(0, count);
          on.codes.fill(0, count, count + 8);
          on.pack(count, bits);
          const packed = on.packed.slice(0, Math.ceil((count * bits) / 8));
          on.codes.fill(255);
          on.unpack(count, bits);
          expect(on.codes.slice(0, count)).toEqual(codes);
          on.dequantize(start, count);
          return [codes, packed, on.found.slice(), on.values.slice(start, start + count)];
        });
        expect(fast).toEqual(plain);
      }
    },
  );

  it('finds places above a threshold alike in both twins', () => {
    for (const [n, threshold] of [
      [64, 1],
      [1600, 0x3f800000],
      [TILE, 0x40000000],
      [TILE, 1],
    ]) {
      const [fast, plain] = both(n, (on) => {
        const found = on.above(n, threshold, 77);
        expect(found).toBeGreaterThan(0);
        return [on.places.slice(0, found), on.kept.slice(0, found)];
      });
      expect(fast).toEqual(plain);
    }
  });

  it('counts a value that equals a bound as below it, and −0 as positive', () => {
    const [fast, plain] = both(16, (on) => {
      on.values.set([0, -0, 1, -1, 1.5, -1.5, 1e-45, -1e-45, 3, -3, 2, -2, 2.5, -2.5, 0, 0]);
      on.bounds.set([1, 2, 2.5]);
      on.quantize(0, 16, 3);
      return on.codes.slice(0, 14);
    });
    expect(fast).toEqual(Uint8Array.of(4, 4, 4, 3, 5, 2, 4, 3, 7, 0, 5, 2, 6, 1));
    expect(plain).toEqual(fast);
  });
});
