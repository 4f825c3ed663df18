/**
 * QSGD with buckets: Alistarh, Grubic, Li, Tomioka, Vojnovic, NeurIPS 2017, section 3.1 and 4. The paper codes levels
 * with Elias codes; here they are entropy-coded, which is never longer by more than the form's byte.
 *
 * @module
 */
import type { Guaranteed, Variance } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { checkSymbol, emitChunks, roundUp } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const MAX_BITS = 12;
const MAX_BUCKET = 1 << 24;
const INVERSE = 2 ** -32;

/**
 * Each bucket's values as sign · ‖bucket‖₂ · level / s with s = 2^(bits−1) − 1, levels rounded at random: unbiased, variance
 * at most min(n / s², √n / s) · ‖bucket‖² for buckets of n.
 *
 * @param options.bits - Sign and level, 2 to 12; 4 by default.
 * @param options.bucket - Values that share a norm, 1 to 2^24; 512 by default. One norm for a whole model drowns it.
 */
export function qsgd(
  options: { readonly bits?: number; readonly bucket?: number } = {},
): Quantizer & Guaranteed<Variance> {
  checkOptions('qsgd', options, { bits: true, bucket: true } satisfies OptionNames<typeof options>);
  const bits = checkInteger('qsgd: bits', options.bits ?? 4, 2, MAX_BITS);
  const bucket = checkInteger('qsgd: bucket', options.bucket ?? 512, 1, MAX_BUCKET);
  return asQuantizer(createCodec(qsgdStage(bits, bucket)));
}

export function qsgdStage(
  bits: number,
  bucket: number,
): Stage & { readonly linearity: 'perClient' } & Guaranteed<Variance> {
  return {
    id: 4,
    kind: 'qsgd',
    linearity: 'perClient',
    unbiased: true,
    guarantee: {
      kind: 'variance',
      omega(size) {
        const n = Math.min(size, bucket);
        const s = 2 ** (bits - 1) - 1;
        return Math.min(n / s ** 2, Math.sqrt(n) / s);
      },
    },

    write(out, values, encoding) {
      const levels = 2 ** (bits - 1) - 1;
      out.byte(bits);
      out.varint(bucket);
      const symbols = new Uint16Array(values.length);
      const rng = encoding.rng();
      for (let start = 0; start < values.length; start += bucket) {
        const end = Math.min(start + bucket, values.length);
        let squares = 0;
        for (let i = start; i < end; i++) squares += values[i] * values[i];
        // Never below the true norm, so that no level exceeds s and the expectation stays exact.
        const norm = roundUp(Math.sqrt(squares));
        out.float32(norm);
        for (let i = start; i < end; i++) {
          const exact = norm === 0 ? 0 : (Math.abs(values[i]) * levels) / norm;
          const level = Math.min(levels, Math.floor(exact + rng.uint32() * INVERSE));
          symbols[i] = values[i] < 0 ? levels - level : levels + level;
        }
      }
      writeSymbols(out, symbols, bits);
    },

    read(input, size, sink) {
      const width = input.byte();
      if (width < 2 || width > MAX_BITS) corrupt(`2 to ${MAX_BITS} bits`, width);
      const each = input.varint(MAX_BUCKET, 'a bucket');
      if (each === 0) corrupt('a bucket of at least 1', 0);
      const levels = 2 ** (width - 1) - 1;
      const norms = input.fork(4 * Math.ceil(size / each));
      const reader = readSymbols(input, size, width);
      let norm = 0;
      emitChunks(size, sink, (chunk, offset, symbols) => {
        reader.read(symbols, chunk.length);
        for (let i = 0; i < chunk.length; i++) {
          if ((offset + i) % each === 0) {
            norm = norms.float32('a norm');
            if (norm < 0) corrupt('a norm of at least 0', norm);
          }
          chunk[i] = ((checkSymbol(symbols[i], 2 * levels) - levels) / levels) * norm;
        }
      });
      reader.end();
    },
  };
}
