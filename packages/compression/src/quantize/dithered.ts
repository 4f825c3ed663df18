/**
 * Entropy-coded dithered quantization: a uniform grid, subtractive dither that both sides draw from the shared seed, and
 * rANS. Ziv 1985; Zamir and Feder, "On Universal Quantization by Randomized Uniform/Lattice Quantizers", IEEE Trans.
 * Inf. Theory 38(2), 1992.
 *
 * @module
 */
import type { Guaranteed, Variance } from '@fedkit/core/codec';
import { type Rng, seededRng } from '@fedkit/core';
import { checkNumber, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { readSymbols, writeSymbols } from '../entropy/symbols.ts';
import { createCodec } from '../stage/codec.ts';
import { checkedSeed, seedFingerprint, sharedSeed, type Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

/** The symbol behind which a varint follows: larger values than one byte holds. */
const ESCAPE = 255;
const MAX_STEPS = 2 ** 48;
const MAX_FLOAT = 3.4028234663852886e38;
const INVERSE = 2 ** -32;

/**
 * Rounds to multiples of `step` root mean squares after adding the shared dither, which decoding subtracts: the error is
 * uniform in ± step / 2, independent of the values, with expectation zero over the dither, squared step² / 12 relative
 * to a unit RMS. Entropy-coded it undercuts {@link eden} at equal error by 0.1 to 0.4 bits a value on rotated input.
 *
 * Clients whose errors should average out need seeds of their own: {@link clientSeed}.
 *
 * @param options.step - In root mean squares of the vector, 2^-20 to 16; 0.5 (about 3 bits) by default.
 */
export function dithered(options: { readonly step?: number } = {}): Quantizer & Guaranteed<Variance> {
  checkOptions('dithered', options, { step: true } satisfies OptionNames<typeof options>);
  const step = checkNumber('dithered: step', options.step ?? 0.5, 2 ** -20, 16);
  return asQuantizer(createCodec(ditheredStage(step)));
}

export function ditheredStage(relative: number): Stage & { readonly linearity: 'perClient' } & Guaranteed<Variance> {
  return {
    id: 9,
    kind: 'dithered',
    linearity: 'perClient',
    unbiased: true,
    guarantee: { kind: 'variance', omega: () => relative ** 2 / 12 },

    write(out, values, encoding) {
      const seed = sharedSeed(encoding.context);
      let squares = 0;
      for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
      const rms = values.length === 0 ? 0 : Math.sqrt(squares / values.length);
      const step = Math.fround(Math.min(rms * relative, MAX_FLOAT));
      out.uint32(seedFingerprint(seed));
      out.float32(step);
      if (step === 0) return;
      const dither = ditherOf(seed);
      const symbols = new Uint16Array(values.length);
      const escaped: number[] = [];
      for (let i = 0; i < values.length; i++) {
        const steps = Math.floor(values[i] / step + dither.uint32() * INVERSE);
        const folded = steps < 0 ? -2 * steps - 1 : 2 * steps;
        symbols[i] = Math.min(ESCAPE, folded);
        if (folded >= ESCAPE) escaped.push(folded - ESCAPE);
      }
      writeSymbols(out, symbols, 8);
      for (const folded of escaped) out.varint(folded);
    },

    read(input, size, sink, decoding) {
      const seed = checkedSeed(input, decoding);
      const step = input.float32('a step');
      if (step < 0) corrupt('a step of at least 0', step);
      const dither = ditherOf(seed);
      const reader = step === 0 ? undefined : readSymbols(input, size, 8);
      emitChunks(size, sink, (chunk, _, symbols) => {
        if (reader === undefined) return;
        reader.read(symbols, chunk.length);
        for (let i = 0; i < chunk.length; i++) {
          const folded = symbols[i] === ESCAPE ? ESCAPE + input.varint(MAX_STEPS, 'an escaped value') : symbols[i];
          const steps = folded % 2 === 1 ? -(folded + 1) / 2 : folded / 2;
          chunk[i] = (steps + 0.5 - dither.uint32() * INVERSE) * step;
          if (!Number.isFinite(chunk[i])) corrupt('finite values', 'NaN or infinite ones');
        }
      });
      reader?.end();
    },
  };
}

function ditherOf(seed: Uint8Array): Rng {
  return seededRng(seed).fork('dither');
}
