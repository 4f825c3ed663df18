/**
 * A ring sized by the sum, not by the client: Bonawitz, Salehi, Konečný, McMahan, Gruteser, "Federated Learning with
 * Autotuned Communication-Efficient Secure Aggregation", arXiv:1912.00131, with subtractive dither (Schuchman 1964; Gray
 * and Stockham 1993) that server and client draw from a seed of that client's.
 *
 * @module
 */
import { type Rng, seededRng } from '@fedkit/core';
import type { Bounded, CodecContext, Guaranteed, SumContext } from '@fedkit/core/codec';
import {
  checkFinite,
  checkOptions,
  type OptionNames,
  checkInteger,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import { emitChunks } from '../quantize/chunks.ts';
import { createLinearCodec, type StagedLinearCodec } from '../stage/codec.ts';
import type { Encoding, LinearStage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { centered, readFields, writeFields } from './fields.ts';

/** Standard deviations of the sum on either side of zero that the ring covers. */
const DEVIATIONS = 6;
const MIN_SPREAD = 2 ** -100;
const MAX_SPREAD = 2 ** 100;
const INVERSE = 2 ** -32;

/** Options of {@link wrapped}. */
export interface WrappedOptions {
  /** Ring width, 2 to 32: integers and sums are taken modulo 2^bits. */
  readonly bits: number;
  /**
   * The root mean square expected of the *sum's* coordinates, > 0, in the values' unit; √n times a client's where clients
   * are independent. {@link nextSpread} tunes it from the sums seen.
   */
  readonly spread: number;
}

/**
 * Multiples of 12 · spread / 2^bits modulo 2^bits: single clients may wrap, the sum does not as long as it stays within six
 * deviations, which a rotation makes a matter of its norm. The recipe is `rotated(wrapped({ bits, spread }))`.
 *
 * With `context.clientSeed` the rounding is dithered: the server adds up the survivors' dithers and subtracts them, the
 * error is uniform and independent of the values, step² / 12 a client. Without, it is stochastic, step² / 6 on
 * average. Seeds must be independent of those of the masks.
 *
 * At 12 bits and 100 clients, n · MSE of the mean is 7.2e-5 per unit variance.
 */
export function wrapped(options: WrappedOptions): StagedLinearCodec & Guaranteed<Bounded> {
  checkOptions('wrapped', options, { bits: true, spread: true } satisfies OptionNames<typeof options>);
  const bits = checkInteger('wrapped: bits', options.bits, 2, 32);
  const spread = Math.fround(checkPositive('wrapped: spread', options.spread, MAX_SPREAD));
  if (spread < MIN_SPREAD) refuse('OUT_OF_RANGE', 'wrapped: spread', 'at least 2^-100', options.spread);
  return createLinearCodec(wrappedStage(bits, spread));
}

/**
 * The spread to use next, from the one used and the decoded sum: its root mean square and a quarter more, or twice the
 * last one where the sum fills the ring so evenly that it must have wrapped. Always one that {@link wrapped} takes: sums of zeros
 * make it no smaller than 2^-100.
 *
 * @param sum - A decoded sum, shape [d], finite.
 */
export function nextSpread(spread: number, sum: Float32Array): number {
  checkPositive('nextSpread: spread', spread);
  checkFinite('nextSpread: sum', sum);
  let squares = 0;
  for (let i = 0; i < sum.length; i++) squares += sum[i] * sum[i];
  const observed = sum.length === 0 ? 0 : Math.sqrt(squares / sum.length);
  // A sum spread evenly over the ring has 6 / √3 = 3.46 spreads; an honest one that tuning follows stays below 2.
  const next = observed > 2 * spread ? 2 * observed : Math.max(1.25 * observed, spread / 8);
  return Math.max(MIN_SPREAD, Math.min(MAX_SPREAD, next));
}

export function wrappedStage(bits: number, spread: number): LinearStage & Guaranteed<Bounded> {
  const bound = 2 ** (bits - 1);
  const step = stepOf(bits, spread);
  return {
    id: 49,
    kind: 'wrapped',
    linearity: 'linear',
    unbiased: true,
    // A step within the ring's end, where rounding up would wrap.
    guarantee: { kind: 'bounded', error: step / 2, range: (bound - 1) * step },
    bits,
    bound,
    meanSquaredError: step ** 2 / 12,
    integerCount: (size) => size,

    deviations: DEVIATIONS,

    strain(values: Float32Array, _: Encoding, contributors: number) {
      let squares = 0;
      for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
      const rms = Math.sqrt(squares / Math.max(1, values.length));
      return { clipped: 0, wide: rms > spread / Math.sqrt(contributors) ? 1 : 0, alone: rms > spread ? 1 : 0 };
    },

    integers(values: Float32Array, encoding: Encoding) {
      const draw = ditherOf(encoding.context.clientSeed) ?? encoding.rng();
      return Int32Array.from(values, (value) => centered(Math.floor(value / step + draw.uint32() * INVERSE), bits));
    },

    contributed(values: Float32Array, integers: Int32Array, encoding: Encoding) {
      const dither = ditherOf(encoding.context.clientSeed);
      const modulus = 2 ** bits;
      return Float32Array.from(integers, (integer, i) => {
        // The multiple of the modulus that was taken off: rounding moved the value by less than one step.
        const lifted = integer + modulus * Math.round((values[i] / step - integer) / modulus);
        return (lifted + (dither === undefined ? 0 : 0.5 - dither.uint32() * INVERSE)) * step;
      });
    },

    sum(sum: Int32Array | Float64Array, size: number, { contributors, seeds = [] }: SumContext) {
      if (seeds.length > 0 && seeds.length !== contributors) {
        refuse('SHAPE_MISMATCH', 'decodeSum: seeds', `${contributors} seeds or none`, seeds.length);
      }
      const exact = Float64Array.from(sum);
      for (const seed of seeds) {
        const draw = seededRng(seed).fork('dither');
        for (let i = 0; i < size; i++) exact[i] += 0.5 - draw.uint32() * INVERSE;
      }
      return Float32Array.from(exact, (value) => centered(value, bits) * step);
    },

    write(out, values, encoding) {
      out.byte(bits);
      out.float32(spread);
      out.byte(encoding.context.clientSeed === undefined ? 0 : 1);
      writeFields(out, this.integers(values, encoding), -bound, bits);
    },

    read(input, size, sink, decoding) {
      const width = input.byte();
      if (width < 2 || width > 32) corrupt('2 to 32 bits', width);
      const wireSpread = input.float32('a spread', MAX_SPREAD);
      if (wireSpread < MIN_SPREAD) corrupt('a spread of at least 2^-100', wireSpread);
      const mode = input.byte();
      if (mode > 1) corrupt('plain or dithered rounding', mode);
      const draw = mode === 1 ? ditherOf(required(decoding.context)) : undefined;
      const fields = readFields(input, size, -(2 ** (width - 1)), width);
      const wireStep = stepOf(width, wireSpread);
      emitChunks(size, sink, (chunk) => {
        for (let i = 0; i < chunk.length; i++) {
          const shift = draw === undefined ? 0 : 0.5 - draw.uint32() * INVERSE;
          chunk[i] = centered(fields.next() + shift, width) * wireStep;
        }
      });
      fields.end();
    },
  };
}

function stepOf(bits: number, spread: number): number {
  return (2 * DEVIATIONS * spread) / 2 ** bits;
}

function ditherOf(seed: Uint8Array | undefined): Rng | undefined {
  return seed === undefined ? undefined : seededRng(seed).fork('dither');
}

function required({ clientSeed }: Partial<CodecContext>): Uint8Array {
  return clientSeed ?? corrupt('plain rounding, or a context with the clientSeed', 'dithered rounding without');
}
