/**
 * TernGrad: Wen et al., NeurIPS 2017, section 3.1, without its gradient clipping, which would bias it.
 *
 * @module
 */
import type { Guaranteed, Variance } from '@fedkit/core/codec';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import { maximumMagnitude } from '../stage/magnitude.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { checkSymbol, emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const INVERSE = 2 ** -32;

/**
 * −m, 0 or m with m the largest magnitude, ±m with probability |x| / m: unbiased, at most log2 3 = 1.585 bits a value and
 * the header; fewer on heavy tails, whose zeros cost little.
 */
export function ternary(): Quantizer & Guaranteed<Variance> {
  return asQuantizer(createCodec(TERNARY));
}

export const TERNARY: Stage & { readonly linearity: 'perClient' } & Guaranteed<Variance> = {
  id: 6,
  kind: 'ternary',
  linearity: 'perClient',
  unbiased: true,
  guarantee: {
    kind: 'variance',
    // max‖x‖∞·‖x‖₁/‖x‖² − 1, reached at one value against d − 1 of 1/(1 + √d) of it.
    omega: (size) => Math.max(0, (Math.sqrt(size) - 1) / 2),
  },

  write(out, values, encoding) {
    const largest = maximumMagnitude(values);
    out.float32(largest);
    const symbols = new Uint16Array(values.length).fill(1);
    if (largest > 0) {
      const rng = encoding.rng();
      for (let i = 0; i < values.length; i++) {
        if (rng.uint32() * INVERSE < Math.abs(values[i]) / largest) symbols[i] = values[i] < 0 ? 0 : 2;
      }
    }
    writeSymbols(out, symbols, 2);
  },

  read(input, size, sink) {
    const largest = input.float32('a scale');
    if (largest < 0) corrupt('a scale of at least 0', largest);
    const reader = readSymbols(input, size, 2);
    emitChunks(size, sink, (chunk, _, symbols) => {
      reader.read(symbols, chunk.length);
      for (let i = 0; i < chunk.length; i++) chunk[i] = (checkSymbol(symbols[i], 2) - 1) * largest + 0;
    });
    reader.end();
  },
};
