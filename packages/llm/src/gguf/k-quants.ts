/**
 * ggml's block forms that no kernel takes: expanded while loading, to be kept as Q8_0.
 * Forms: ggml-quants.c of https://github.com/ggml-org/ggml, `dequantize_row_…`.
 *
 * @module
 */
import { halfAt } from '../kernels/dequantize.ts';

/** Expands one block at `at` into `to`. */
export type BlockReader = (bytes: Uint8Array, at: number, to: Float32Array) => void;

/** [32]: d · (5-bit code − 16), or d · code + m. */
export const q5_0: BlockReader = (bytes, at, to) => fiveBits(bytes, at, to, false);
export const q5_1: BlockReader = (bytes, at, to) => fiveBits(bytes, at, to, true);

function fiveBits(bytes: Uint8Array, at: number, to: Float32Array, affine: boolean): void {
  const d = halfAt(bytes, at);
  const m = affine ? halfAt(bytes, at + 2) : -16 * d;
  const fifth = word(bytes, at + (affine ? 4 : 2));
  const codes = at + (affine ? 8 : 6);
  for (let j = 0; j < 16; j++) {
    const byte = bytes[codes + j];
    to[j] = d * ((byte & 15) | (((fifth >>> j) & 1) << 4)) + m;
    to[j + 16] = d * ((byte >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) + m;
  }
}

/** [256]: eight parts of 32, each with 6-bit scale and minimum. */
export const q4_K: BlockReader = (bytes, at, to) => {
  for (let part = 0; part < 8; part++) {
    const [scale, least] = scaleAndMinimum(bytes, at, part);
    const codes = at + 16 + 32 * (part >> 1);
    for (let l = 0; l < 32; l++) {
      const byte = bytes[codes + l];
      to[32 * part + l] = scale * (part % 2 === 0 ? byte & 15 : byte >> 4) - least;
    }
  }
};

/** As {@link q4_K} with a fifth bit of every code. */
export const q5_K: BlockReader = (bytes, at, to) => {
  for (let part = 0; part < 8; part++) {
    const [scale, least] = scaleAndMinimum(bytes, at, part);
    const codes = at + 48 + 32 * (part >> 1);
    for (let l = 0; l < 32; l++) {
      const byte = bytes[codes + l];
      const fifth = (bytes[at + 16 + l] >> part) & 1;
      to[32 * part + l] = scale * ((part % 2 === 0 ? byte & 15 : byte >> 4) + 16 * fifth) - least;
    }
  }
};

/** [256]: sixteen parts of 16, each with an 8-bit scale; codes of four low and two high bits, less 32. */
export const q6_K: BlockReader = (bytes, at, to) => {
  const d = halfAt(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const [side, within] = [i >> 7, i & 127];
    const quarter = within >> 5;
    const low = bytes[at + 64 * side + (within & 63)];
    const high = bytes[at + 128 + 32 * side + (within & 31)];
    const code = (quarter < 2 ? low & 15 : low >> 4) | (((high >> (2 * quarter)) & 3) << 4);
    to[i] = d * ((bytes[at + 192 + (i >> 4)] << 24) >> 24) * (code - 32);
  }
};

/** Scale and minimum of part j: six bits each, packed in the twelve bytes behind the two float16. */
function scaleAndMinimum(bytes: Uint8Array, at: number, j: number): [scale: number, least: number] {
  const packed = (i: number) => bytes[at + 4 + i];
  const scale = j < 4 ? packed(j) & 63 : (packed(j + 4) & 15) | ((packed(j - 4) >> 6) << 4);
  const least = j < 4 ? packed(j + 4) & 63 : (packed(j + 4) >> 4) | ((packed(j) >> 6) << 4);
  return [halfAt(bytes, at) * scale, halfAt(bytes, at + 2) * least];
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
