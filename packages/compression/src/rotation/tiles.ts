/**
 * The seeded rotation that makes any vector look Gaussian: R = H D₂ H D₁ / n on tiles of at most 2^14 values, H the
 * Walsh-Hadamard matrix, D₁ and D₂ random signs. Ailon and Chazelle 2009; two rounds because one leaves sparse vectors
 * two-valued, which biases quantizers that count on Gaussian coordinates.
 *
 * Tiles are powers of two: full ones, then the binary digits of what is left once rounded up to a multiple of 64, so that
 * padding never exceeds 63 values (15 for a vector shorter than 64).
 *
 * @module
 */
import { type Rng, seededRng } from '@fedkit/core';
import { TILE, type Tile } from '../kernels/tile.ts';

const UNIT = 64;
const SMALLEST = 16;

/** The length of the rotated vector. */
export function paddedSize(size: number): number {
  if (size === 0) return 0;
  if (size >= UNIT) return Math.ceil(size / UNIT) * UNIT;
  let padded = SMALLEST;
  while (padded < size) padded *= 2;
  return padded;
}

/** Calls `work` for each tile of a vector of `size` values. */
export function forEachTile(size: number, work: (start: number, n: number) => void): void {
  const padded = paddedSize(size);
  for (let start = 0; start < padded; ) {
    const left = padded - start;
    const n = left >= TILE ? TILE : 2 ** (31 - Math.clz32(left));
    work(start, n);
    start += n;
  }
}

/** Draws each tile's signs in turn and rotates it, there or back. */
export class Rotation {
  readonly #rng: Rng;

  constructor(seed: Uint8Array) {
    this.#rng = seededRng(seed).fork('rotation');
  }

  /** Loads `values[start … start + n)` with zeros behind the end, and rotates. */
  forward(tile: Tile, values: Float32Array, start: number, n: number): void {
    this.#draw(tile, n);
    const part = values.subarray(start, start + n);
    tile.values.set(part);
    tile.values.fill(0, part.length, n);
    const [first, second] = scales(n);
    tile.flip(0, n, first);
    tile.transform(n, 1);
    tile.flip(1, n, second);
    tile.transform(n, 1);
  }

  /** Rotates the tile's values back. */
  inverse(tile: Tile, n: number): void {
    this.#draw(tile, n);
    const [first, second] = scales(n);
    tile.transform(n, 1);
    tile.flip(1, n, first);
    tile.transform(n, 1);
    tile.flip(0, n, second);
  }

  /** Passes over a tile of zeros. */
  skip(tile: Tile, n: number): void {
    this.#draw(tile, n);
  }

  #draw(tile: Tile, n: number): void {
    const words = Math.ceil(n / 32);
    for (let i = 0; i < words; i++) tile.signs[i] = this.#rng.uint32();
    for (let i = 0; i < words; i++) tile.signs[512 + i] = this.#rng.uint32();
  }
}

/** Powers of two whose product is 1/n: scaling is exact, and no intermediate value leaves float32's range. */
function scales(n: number): [number, number] {
  const exponent = 31 - Math.clz32(n);
  const half = exponent >>> 1;
  return [1 / 2 ** (exponent - half), 1 / 2 ** half];
}
