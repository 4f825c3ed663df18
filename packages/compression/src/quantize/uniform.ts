/**
 * Uniform stochastic quantization between the smallest and the largest value: Suresh, Yu, Kumar, McMahan, "Distributed
 * Mean Estimation with Limited Communication", ICML 2017, section 2.2.
 *
 * @module
 */
import type { Guaranteed, Variance } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { checkSymbol, emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const MAX_BITS = 16;
const INVERSE = 2 ** -32;

/**
 * 2^bits levels from min to max, rounded up or down at random so that the expectation is the value.
 *
 * Squared error a value at most (max − min)² / (4·(2^bits − 1)²): outliers stretch the range for everyone, so heavy tails
 * want `rotated(uniform(…))` or `eden`.
 *
 * @param options.bits - 1 to 16; 8 by default.
 */
export function uniform(options: { readonly bits?: number } = {}): Quantizer & Guaranteed<Variance> {
  checkOptions('uniform', options, { bits: true } satisfies OptionNames<typeof options>);
  const bits = checkInteger('uniform: bits', options.bits ?? 8, 1, MAX_BITS);
  return asQuantizer(createCodec(uniformStage(bits)));
}

export function uniformStage(bits: number): Stage & { readonly linearity: 'perClient' } & Guaranteed<Variance> {
  return {
    id: 3,
    kind: 'uniform',
    linearity: 'perClient',
    unbiased: true,
    guarantee: {
      kind: 'variance',
      // (max − min)² ≤ 2·‖x‖², reached where two values stand against each other.
      omega: (size) => size / (2 * (2 ** bits - 1) ** 2),
    },

    write(out, values, encoding) {
      const { low, high } = rangeOf(values);
      out.byte(bits);
      out.float32(low);
      out.float32(high);
      const last = 2 ** bits - 1;
      const symbols = new Uint16Array(values.length);
      if (high > low) {
        const rng = encoding.rng();
        const factor = last / (high - low);
        for (let i = 0; i < values.length; i++) {
          symbols[i] = Math.min(last, Math.floor((values[i] - low) * factor + rng.uint32() * INVERSE));
        }
      }
      writeSymbols(out, symbols, bits);
    },

    read(input, size, sink) {
      const width = input.byte();
      if (width < 1 || width > MAX_BITS) corrupt(`1 to ${MAX_BITS} bits`, width);
      const low = input.float32('the smallest value');
      const high = input.float32('the largest value');
      if (high < low) corrupt(`a largest value of at least ${low}`, high);
      const last = 2 ** width - 1;
      const step = (high - low) / last;
      const reader = readSymbols(input, size, width);
      emitChunks(size, sink, (chunk, _, symbols) => {
        reader.read(symbols, chunk.length);
        for (let i = 0; i < chunk.length; i++) {
          chunk[i] = Math.min(high, low + checkSymbol(symbols[i], last) * step);
        }
      });
      reader.end();
    },
  };
}

function rangeOf(values: Float32Array): { low: number; high: number } {
  let [low, high] = values.length === 0 ? [0, 0] : [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return { low, high };
}
