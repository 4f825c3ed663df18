/**
 * Uniform bins over mean ± 6 standard deviations, each sent as the mean of what fell into it: the 8-bit quantizer of
 * INTELLECT-1 (Jaghouar et al., arXiv:2412.01152, section 2) and, with 4 bins, the values of SparseLoCo.
 *
 * @module
 */
import type { Contraction, Guaranteed } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { checkSymbol, emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

const DEVIATIONS = 6;
const MAX_BITS = 8;

/**
 * 2^bits bins and the table of the means of those that hold a value. Biased, deterministic: use it with {@link errorFeedback}. On heavy tails most
 * bins stay empty; rotate or sparsify first.
 *
 * @param options.bits - 1 to 8; 8 by default.
 */
export function codebook(options: { readonly bits?: number } = {}): Quantizer & Guaranteed<Contraction> {
  checkOptions('codebook', options, { bits: true } satisfies OptionNames<typeof options>);
  return asQuantizer(createCodec(codebookStage(checkInteger('codebook: bits', options.bits ?? 8, 1, MAX_BITS))));
}

export function codebookStage(bits: number): Stage & { readonly linearity: 'perClient' } & Guaranteed<Contraction> {
  return {
    id: 8,
    kind: 'codebook',
    linearity: 'perClient',
    unbiased: false,
    guarantee: {
      kind: 'contraction',
      // The bins part what is above the mean from what is below: as much as signs around it.
      delta: (size) => 1 / Math.max(1, size),
      pathwise: true,
    },

    write(out, values) {
      const bins = 2 ** bits;
      const symbols = binsOf(values, bins);
      const sums = new Float64Array(bins);
      const counts = new Uint32Array(bins);
      for (let i = 0; i < values.length; i++) {
        sums[symbols[i]] += values[i];
        counts[symbols[i]]++;
      }
      // Only bins that hold something are sent, so symbols are ranks among them.
      const rank = new Uint16Array(bins);
      let used = 0;
      for (let bin = 0; bin < bins; bin++) if (counts[bin] > 0) rank[bin] = used++;
      out.varint(used);
      for (let bin = 0; bin < bins; bin++) if (counts[bin] > 0) out.float32(sums[bin] / counts[bin]);
      if (used > 0) {
        writeSymbols(
          out,
          symbols.map((bin) => rank[bin]),
          widthOf(used),
        );
      }
    },

    read(input, size, sink) {
      const used = input.varint(2 ** MAX_BITS, 'a number of levels');
      if ((used === 0) !== (size === 0)) corrupt('a level for every value', used);
      if (used === 0) return;
      const table = Float32Array.from({ length: used }, () => input.float32('a level'));
      const reader = readSymbols(input, size, widthOf(used));
      emitChunks(size, sink, (chunk, _, symbols) => {
        reader.read(symbols, chunk.length);
        for (let i = 0; i < chunk.length; i++) chunk[i] = table[checkSymbol(symbols[i], used - 1)];
      });
      reader.end();
    },
  };
}

/** Bits of a rank below `used`. */
function widthOf(used: number): number {
  return Math.max(1, 32 - Math.clz32(used - 1));
}

function binsOf(values: Float32Array, bins: number): Uint16Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = values.length === 0 ? 0 : sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) * (values[i] - mean);
  const deviation = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  const symbols = new Uint16Array(values.length);
  const perUnit = deviation > 0 ? bins / (2 * DEVIATIONS * deviation) : 0;
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - mean) * perUnit + bins / 2);
    symbols[i] = Math.max(0, Math.min(bins - 1, bin));
  }
  return symbols;
}
