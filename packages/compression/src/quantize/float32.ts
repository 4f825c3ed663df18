/**
 * Exact values: as they are, or with the byte of sign and high exponent entropy-coded, whichever is smaller.
 *
 * @module
 */
import { type Contraction, EXACT, type Guaranteed, type Sink } from '@fedkit/core/codec';
import { isFiniteVector } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import type { Stage } from '../stage/stage.ts';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const PLAIN = 0;
const SPLIT = 1;

/** Float32 values, lossless. What a sparsifier keeps when nothing quantizes it. */
export function float32(): Quantizer & Guaranteed<Contraction> {
  return asQuantizer(createCodec(FLOAT32));
}

/**
 * The same values as they are, for what is kept and not sent: entropy coding would save a tenth, and take most of the time of whoever
 * keeps a memory in every round.
 */
export function keptFloat32(): { encode(values: Float32Array): Uint8Array } {
  const codec = createCodec({ ...FLOAT32, write: writeKept });
  return { encode: (values) => codec.encode(values, { sharedSeed: new Uint8Array(32) }) };
}

function writeKept(out: ByteWriter, values: Float32Array): void {
  out.byte(PLAIN);
  writeLow(out, new Uint32Array(values.buffer, values.byteOffset, values.length), 4);
}

/** The `width` low bytes of each, little-endian. */
function writeLow(out: ByteWriter, bits: Uint32Array, width: number): void {
  const room = out.reserve(width * bits.length);
  for (let i = 0, at = 0; i < bits.length; i++) {
    for (let j = 0; j < width; j++) room[at++] = bits[i] >>> (8 * j);
  }
}

export const FLOAT32: Stage & { readonly linearity: 'perClient' } & Guaranteed<Contraction> = {
  id: 1,
  kind: 'float32',
  linearity: 'perClient',
  unbiased: true,
  guarantee: EXACT,

  write(out, values) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const tops = new Uint16Array(bits.length);
    for (let i = 0; i < bits.length; i++) tops[i] = bits[i] >>> 24;
    const coded = new ByteWriter();
    writeSymbols(coded, tops, 8);
    const split = coded.length < values.length;
    out.byte(split ? SPLIT : PLAIN);
    if (split) out.bytes(coded.finish());
    writeLow(out, bits, split ? 3 : 4);
  },

  read(input: ByteReader, size: number, sink: Sink) {
    const form = input.byte();
    if (form > SPLIT) corrupt('plain or split float32', form);
    const tops = form === SPLIT ? readSymbols(input, size, 8) : undefined;
    const width = tops === undefined ? 4 : 3;
    const bytes = input.take(width * size);
    emitChunks(size, sink, (chunk, offset, symbols) => {
      const bits = new Uint32Array(chunk.buffer, 0, chunk.length);
      tops?.read(symbols, chunk.length);
      for (let i = 0, at = width * offset; i < chunk.length; i++, at += width) {
        const top = tops === undefined ? bytes[at + 3] : symbols[i];
        bits[i] = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (top << 24);
      }
      if (!isFiniteVector(chunk)) corrupt('finite values', 'NaN or infinite ones');
    });
    tops?.end();
  },
};
