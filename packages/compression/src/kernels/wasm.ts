/**
 * The tile in WebAssembly memory.
 *
 * @module
 */
import { instantiateKernels } from '@fedkit/core/kernels';
import { wasmHex } from './module.wasm.ts';
import type { Tile } from './tile.ts';

interface Exports {
  transform(x: number, n: number, from: number): void;
  flip(x: number, signs: number, n: number, scale: number): void;
  sumOfSquares(x: number, n: number): number;
  quantize(x: number, n: number, bounds: number, count: number, codes: number): void;
  moments(x: number, codes: number, n: number, table: number, out: number): void;
  dequantize(x: number, codes: number, n: number, table: number): void;
  pack(codes: number, n: number, bits: number, out: number): void;
  unpack(packed: number, n: number, bits: number, codes: number): void;
  above(x: number, n: number, threshold: number, base: number, places: number, kept: number, masks: number): number;
}

const SIZE = 16_384;
const VALUES = 0;
const SIGNS = VALUES + 4 * (SIZE + 16);
const CODES = SIGNS + 4096;
const PACKED = CODES + SIZE + 64;
const BOUNDS = PACKED + SIZE + 64;
const TABLE = BOUNDS + 512;
const FOUND = TABLE + 1024;
const PLACES = FOUND + 16;
const KEPT = PLACES + 4 * SIZE;
const BYTES = KEPT + 4 * SIZE;

/** `undefined` where the engine has no SIMD WebAssembly. */
export function wasmTile(): Tile | undefined {
  const instance = instantiateKernels<Exports>(wasmHex, BYTES);
  if (instance === undefined) return undefined;
  const { exports: kernels, memory } = instance;
  const { buffer } = memory;
  return {
    values: new Float32Array(buffer, VALUES, SIZE + 16),
    signs: new Uint32Array(buffer, SIGNS, 1024),
    codes: new Uint8Array(buffer, CODES, SIZE + 64),
    packed: new Uint8Array(buffer, PACKED, SIZE + 64),
    bounds: new Float32Array(buffer, BOUNDS, 128),
    table: new Float32Array(buffer, TABLE, 256),
    found: new Float64Array(buffer, FOUND, 2),
    places: new Uint32Array(buffer, PLACES, SIZE),
    kept: new Float32Array(buffer, KEPT, SIZE),
    transform: (n, from) => kernels.transform(VALUES, n, from),
    flip: (diagonal, n, scale) => kernels.flip(VALUES, SIGNS + 2048 * diagonal, n, scale),
    sumOfSquares: (n) => kernels.sumOfSquares(VALUES, n),
    quantize: (start, n, count) => kernels.quantize(VALUES + 4 * start, n, BOUNDS, count, CODES),
    moments: (start, n) => kernels.moments(VALUES + 4 * start, CODES, n, TABLE, FOUND),
    dequantize: (start, n) => kernels.dequantize(VALUES + 4 * start, CODES, n, TABLE),
    pack: (n, bits) => kernels.pack(CODES, n, bits, PACKED),
    unpack: (n, bits) => kernels.unpack(PACKED, n, bits, CODES),
    above: (n, threshold, base) => kernels.above(VALUES, n, threshold, base, PLACES, KEPT, PACKED),
  };
}
