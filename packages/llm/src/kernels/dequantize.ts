/**
 * Frozen weights as float32, in plain JavaScript.
 *
 * @module
 */
import { blockOf, NF4, type WeightKind } from './kinds.ts';

const { fround } = Math;
const word = new Uint32Array(1);
/** 2^112: from float16's exponents to float32's. */
const TWO_112 = 5.192296858534828e33;
const real = new Float32Array(word.buffer);

/** A finite float16, little-endian. */
export function halfAt(bytes: Uint8Array, at: number): number {
  const bits = bytes[at] | (bytes[at + 1] << 8);
  word[0] = ((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13);
  return real[0] * TWO_112;
}

function float32At(bytes: Uint8Array, at: number): number {
  word[0] = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  return real[0];
}

/**
 * Expands k values, whole blocks of the kind whose number is `code`, with the float32 operations of the assembly.
 *
 * @param at - Byte where the first block begins.
 * @param to - Place of the first value in `into`.
 */
export function dequantize(
  code: number,
  bytes: Uint8Array,
  at: number,
  k: number,
  into: Float32Array,
  to: number,
): void {
  switch (code) {
    case 0:
      for (let i = 0; i < k; i++) into[to + i] = float32At(bytes, at + 4 * i);
      return;
    case 1:
      for (let i = 0; i < k; i++) into[to + i] = halfAt(bytes, at + 2 * i);
      return;
    case 4:
      for (let i = 0; i < k; i += 32, at += 34, to += 32) {
        const d = halfAt(bytes, at);
        for (let j = 0; j < 32; j++) into[to + j] = fround(d * ((bytes[at + 2 + j] << 24) >> 24)) + 0;
      }
      return;
    case 5:
      for (let i = 0; i < k; i += 64, at += 36, to += 64) {
        const d = float32At(bytes, at);
        for (let j = 0; j < 32; j++) {
          const byte = bytes[at + 4 + j];
          const place = to + (j < 16 ? j : j + 16);
          into[place] = d * NF4[byte & 15];
          into[place + 16] = d * NF4[byte >> 4];
        }
      }
      return;
    default: {
      const offset = code === 2 ? 8 : 0;
      const head = code === 2 ? 2 : 4;
      for (let i = 0; i < k; i += 32, at += head + 16, to += 32) {
        const d = halfAt(bytes, at);
        const m = code === 2 ? 0 : halfAt(bytes, at + 2);
        for (let j = 0; j < 16; j++) {
          const byte = bytes[at + head + j];
          into[to + j] = fround(d * ((byte & 15) - offset)) + m;
          into[to + j + 16] = fround(d * ((byte >> 4) - offset)) + m;
        }
      }
    }
  }
}

/**
 * A weight as float32.
 *
 * @param bytes - Rows of whole blocks.
 * @param count - Values in all, whole blocks.
 * @returns Shape [count].
 */
export function expandWeight(kind: WeightKind, bytes: Uint8Array, count: number): Float32Array {
  const values = new Float32Array(count);
  dequantize(blockOf('expandWeight: kind', kind).code, bytes, 0, count, values, 0);
  return values;
}
