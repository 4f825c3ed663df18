/**
 * Weights in few bits: what a base is distributed in.
 *
 * @module
 */
import { checkFinite, checkVector, float32ToFloat16, refuse } from '@fedkit/core/internal';
import { blockOf, NF4, type WeightKind } from '../kernels/kinds.ts';

/**
 * Quantizes whole blocks.
 *
 * | kind | code of x in its block | largest error |
 * | --- | --- | --- |
 * | `q8_0` | round(x/d), d = max\|x\|/127 | d/2 |
 * | `q4_0` | round(x/d) + 8, d = (x of largest \|x\|)/−8 | d |
 * | `q4_1` | round((x − min)/d), d = (max − min)/15 | d/2 |
 * | `nf4` | nearest of sixteen normal quantiles, times max\|x\| | 0.16 of max\|x\| |
 *
 * The first three give ggml's bytes. Scales are rounded to float16 on top, `nf4`'s are not. The block forms are those of ggml and, for `nf4`, of QLoRA without double quantization.
 *
 * @param values - Finite, whole blocks.
 * @returns As bytes, little-endian.
 * @throws FedkitError `SHAPE_MISMATCH` for parts of blocks, `OUT_OF_RANGE` for values that are not finite, or beyond
 * float16 where that keeps them.
 */
export function quantize(kind: WeightKind, values: Float32Array): Uint8Array<ArrayBuffer> {
  const block = blockOf('quantize: kind', kind);
  checkFinite('quantize: values', checkVector('quantize: values', values));
  if (values.length % block.values !== 0) {
    refuse('SHAPE_MISMATCH', 'quantize: values', `whole blocks of ${block.values}`, values.length);
  }
  const bytes = new Uint8Array((values.length / block.values) * block.bytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < values.length; i += block.values, at += block.bytes) {
    ENCODERS[kind](values.subarray(i, i + block.values), view, at);
  }
  return bytes;
}

const { fround } = Math;

type Encoder = (block: Float32Array, to: DataView, at: number) => void;

const ENCODERS: Readonly<Record<WeightKind, Encoder>> = {
  f32: ([value], to, at) => to.setFloat32(at, value, true),
  f16: ([value], to, at) => to.setUint16(at, half(value), true),
  q8_0(block, to, at) {
    const scale = fround(largest(block) / 127);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    to.setUint16(at, half(scale), true);
    for (let i = 0; i < 32; i++) to.setInt8(at + 2 + i, nearest(fround(block[i] * inverse)));
  },
  q4_0(block, to, at) {
    let most = 0;
    for (const value of block) if (Math.abs(value) > Math.abs(most)) most = value;
    const scale = fround(most / -8);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    to.setUint16(at, half(scale), true);
    nibbles(block, to, at + 2, (value) => Math.min(15, Math.floor(value * inverse + 8.5)));
  },
  q4_1(block, to, at) {
    const least = Math.min(...block);
    const scale = fround(fround(Math.max(...block) - least) / 15);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    to.setUint16(at, half(scale), true);
    to.setUint16(at + 2, half(least), true);
    nibbles(block, to, at + 4, (value) => Math.min(15, Math.floor(fround(fround(value - least) * inverse) + 0.5)));
  },
  nf4(block, to, at) {
    const scale = largest(block);
    to.setFloat32(at, scale, true);
    for (let half = 0; half < 2; half++) {
      const part = block.subarray(32 * half, 32 * half + 32);
      nibbles(part, to, at + 4 + 16 * half, (value) => (scale === 0 ? 7 : nearestCode(value / scale)));
    }
  },
};

/** Codes of 32 values in 16 bytes: value j in the low half, j + 16 in the high half. */
function nibbles(block: Float32Array, to: DataView, at: number, code: (value: number) => number): void {
  for (let j = 0; j < 16; j++) to.setUint8(at + j, code(block[j]) | (code(block[j + 16]) << 4));
}

function largest(block: Float32Array): number {
  return block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Half away from zero, as C's roundf. */
function nearest(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}

function nearestCode(value: number): number {
  let best = 0;
  for (let code = 1; code < 16; code++) {
    if (Math.abs(value - NF4[code]) < Math.abs(value - NF4[best])) best = code;
  }
  return best;
}

function half(value: number): number {
  const bits = float32ToFloat16(value);
  if ((bits & 0x7c00) === 0x7c00) refuse('OUT_OF_RANGE', 'quantize: values', 'values within float16', value);
  return bits;
}
