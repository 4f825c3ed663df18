/**
 * One tile of values and the operations on it, in SIMD WebAssembly or in plain JavaScript with the same bits.
 *
 * A process has one tile of each kind. Nothing on it survives a call into code that is not this package's: whoever
 * hands values to a sink copies them out first.
 *
 * @module
 */
import { PlainTile } from './plain.ts';
import { wasmTile } from './wasm.ts';

/** Values in a tile: 64 KiB of float32, which stays in a core's own cache. */
export const TILE = 16_384;

export interface Tile {
  readonly values: Float32Array;
  /** Sign bits, 32 a word, of up to two diagonals: words 0 … 511 and 512 … 1023. */
  readonly signs: Uint32Array;
  readonly codes: Uint8Array;
  readonly packed: Uint8Array;
  readonly bounds: Float32Array;
  readonly table: Float32Array;
  /** What `above` found: where, and the values there. */
  readonly places: Uint32Array;
  readonly kept: Float32Array;
  /** What `moments` found: [Σ x·q, Σ q²]. */
  readonly found: Float64Array;

  /** Stages `from`, 2·from, …, n/2 of the Walsh-Hadamard transform; `from` 1 or ≥ 4, n a power of two ≥ 16. */
  transform(n: number, from: number): void;
  /** Multiplies by `scale` and, where the diagonal's bit is set, by −1. */
  flip(diagonal: 0 | 1, n: number, scale: number): void;
  sumOfSquares(n: number): number;
  /** codes[0 … n) = the cells of values[start … start + n) between ± the first `count` bounds, and zero. */
  quantize(start: number, n: number, count: number): void;
  moments(start: number, n: number): void;
  /** values[start + i] = table[codes[i]] */
  dequantize(start: number, n: number): void;
  /** Packs codes[0 … n) at 1 to 8 bits each into `packed`; codes up to the next multiple of 8 must be zero. */
  pack(n: number, bits: number): void;
  unpack(n: number, bits: number): void;
  /** Lists the values of [0, n) whose magnitude's bits are ≥ `threshold` ≥ 1, and base + their place; 64 divides n. */
  above(n: number, threshold: number, base: number): number;
}

let fast: Tile | undefined;
let plain: Tile | undefined;
let plainOnly = false;

/** The process's tile. */
export function tile(): Tile {
  if (plainOnly) return (plain ??= new PlainTile());
  return (fast ??= wasmTile() ?? (plain ??= new PlainTile()));
}

/** Runs `work` on the plain twin, for tests and benches that compare the two. */
export function withPlainTile<T>(work: () => T): T {
  const before = plainOnly;
  plainOnly = true;
  try {
    return work();
  } finally {
    plainOnly = before;
  }
}
