/**
 * Natural compression: Horvath et al., "Natural Compression for Distributed Deep Learning", MSML 2022, section 2.
 *
 * @module
 */
import type { Guaranteed, Variance } from '@fedkit/core/codec';
import { refuse } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import { bitsOf, maximumMagnitude } from '../stage/magnitude.ts';
import type { Stage } from '../stage/stage.ts';
import { BitReader } from '../wire/bit-reader.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { checkSymbol, emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const MAX_EXPONENT = 254;
const FRACTION = 2 ** -23;
const INVERSE = 2 ** -32;

/**
 * Rounds every value to one of the two powers of two around it, at random, so that the expectation is the value:
 * relative variance at most 1/8. Sign and exponent are 9 bits; the exponents, entropy-coded, some 3.
 *
 * `encode` refuses magnitudes above 2^127 (`OUT_OF_RANGE`), which have no power of two above them.
 */
export function natural(): Quantizer & Guaranteed<Variance> {
  return asQuantizer(createCodec(NATURAL));
}

export const NATURAL: Stage & { readonly linearity: 'perClient' } & Guaranteed<Variance> = {
  id: 7,
  kind: 'natural',
  linearity: 'perClient',
  unbiased: true,
  guarantee: { kind: 'variance', omega: () => 1 / 8, error: 2 ** -127 },

  write(out, values, encoding) {
    if (maximumMagnitude(values) > 2 ** 127) {
      refuse('OUT_OF_RANGE', 'natural: values', 'magnitudes up to 2^127', 'a larger one');
    }
    const bits = bitsOf(values);
    const rng = encoding.rng();
    const exponents = new Uint16Array(values.length);
    const signs = new Uint8Array(Math.ceil(values.length / 8));
    for (let i = 0; i < values.length; i++) {
      // Between 2^e and 2^(e+1) the fraction is the probability of the upper one; below 2^-126 it is that of 2^-126.
      const up = rng.uint32() * INVERSE < (bits[i] & 0x7fffff) * FRACTION;
      exponents[i] = ((bits[i] >>> 23) & 255) + (up ? 1 : 0);
      if (exponents[i] > 0 && values[i] < 0) signs[i >>> 3] |= 1 << (i & 7);
    }
    out.bytes(signs);
    writeSymbols(out, exponents, 8);
  },

  read(input, size, sink) {
    const signs = new BitReader(input.fork(Math.ceil(size / 8)));
    const reader = readSymbols(input, size, 8);
    emitChunks(size, sink, (chunk, _, symbols) => {
      reader.read(symbols, chunk.length);
      const bits = bitsOf(chunk);
      for (let i = 0; i < chunk.length; i++) {
        const negative = signs.bits(1);
        const exponent = checkSymbol(symbols[i], MAX_EXPONENT);
        if (negative === 1 && exponent === 0) corrupt('one form of zero', '−0');
        bits[i] = (negative << 31) | (exponent << 23);
      }
    });
    signs.align();
    reader.end();
  },
};
