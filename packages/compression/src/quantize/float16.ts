/**
 * IEEE 754 half precision, rounded to nearest, ties to even.
 *
 * @module
 */
import type { Contraction, Guaranteed } from '@fedkit/core/codec';
import { float16ToFloat32, float32ToFloat16, refuse } from '@fedkit/core/internal';
import { createCodec } from '../stage/codec.ts';
import { maximumMagnitude } from '../stage/magnitude.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

/** The largest value that rounds to a finite half. */
const MAX_HALF = 65_519.996;
/** Of the power of two that a half may stand for: 65,504 times this is the largest below float32's end. */
const MAX_EXPONENT = 112;

/**
 * 16 bits a value, relative error up to 2^-11 for magnitudes from 2^-14. A vector that reaches beyond 65,504 is
 * divided by a power of two first, which the bytes name; others are plain halves. Magnitudes from 3.4019e38 on, of which the
 * nearest half is beyond float32, are `OUT_OF_RANGE`.
 */
export function float16(): Quantizer & Guaranteed<Contraction> {
  return asQuantizer(createCodec(FLOAT16));
}

export const FLOAT16: Stage & { readonly linearity: 'perClient' } & Guaranteed<Contraction> = {
  id: 2,
  kind: 'float16',
  linearity: 'perClient',
  unbiased: false,
  guarantee: { kind: 'contraction', delta: () => 1 - 2 ** -22, error: 2 ** -25, pathwise: true },

  write(out, values) {
    let exponent = 0;
    let scale = 1;
    for (const largest = maximumMagnitude(values); largest * scale > MAX_HALF; scale /= 2) exponent++;
    if (exponent > MAX_EXPONENT) {
      refuse('OUT_OF_RANGE', 'float16: values', 'magnitudes below 3.4019e38', maximumMagnitude(values));
    }
    out.byte(exponent);
    const room = out.reserve(2 * values.length);
    for (let i = 0; i < values.length; i++) {
      const half = float32ToFloat16(values[i] * scale);
      room[2 * i] = half & 255;
      room[2 * i + 1] = half >>> 8;
    }
  },

  read(input, size, sink) {
    const exponent = input.byte();
    if (exponent > MAX_EXPONENT) corrupt(`an exponent up to ${MAX_EXPONENT}`, exponent);
    const scale = 2 ** exponent;
    const bytes = input.take(2 * size);
    emitChunks(size, sink, (chunk, offset) => {
      for (let i = 0, at = 2 * offset; i < chunk.length; i++, at += 2) {
        const value = float16ToFloat32(bytes[at] | (bytes[at + 1] << 8)) * scale;
        if (!(Math.abs(value) <= 3.4028234663852886e38)) corrupt('finite values', 'NaN or infinite ones');
        chunk[i] = value;
      }
    });
  },
};
