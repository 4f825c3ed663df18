/**
 * A uniform grid that all clients share, so that integers add: stochastic quantization with a common range (Suresh et
 * al., ICML 2017; the discretizer of most secure aggregation).
 *
 * @module
 */
import type { Bounded, Guaranteed, SumContext } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { emitChunks } from '../quantize/chunks.ts';
import { createLinearCodec, type StagedLinearCodec } from '../stage/codec.ts';
import type { Encoding, LinearStage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { centered, readFields, writeFields } from './fields.ts';

const INVERSE = 2 ** -32;
const MAX_FLOAT = 3.4028234663852886e38;

/** Options of {@link commonRange}. */
export interface CommonRangeOptions {
  /** Ring width: sums are taken modulo 2^bits. 2 to 52. */
  readonly bits: number;
  /** Values are clipped to ± range; > 0. */
  readonly range: number;
  /** The most clients one sum may hold: the grid is made so that it never wraps. 1 to 2^20. */
  readonly contributors: number;
}

/**
 * Rounds values at random to the grid of 2·bound + 1 points over ± range, bound = ⌊(2^(bits−1) − 1) / contributors⌋, at most
 * 2^31 − 1: sums of up to `contributors` clients never wrap. Unbiased for values within the range; others are clipped,
 * which biases them. Squared error a client and value at most (range / bound)² / 4.
 *
 * Rotate first, and the range can be a few standard deviations: `rotated(commonRange(…))`. {@link wrapped} needs
 * fewer bits.
 */
export function commonRange(options: CommonRangeOptions): StagedLinearCodec & Guaranteed<Bounded> {
  checkOptions('commonRange', options, { bits: true, range: true, contributors: true } satisfies OptionNames<
    typeof options
  >);
  const bits = checkInteger('commonRange: bits', options.bits, 2, 52);
  const range = Math.fround(checkPositive('commonRange: range', options.range, MAX_FLOAT));
  if (range === 0) refuse('OUT_OF_RANGE', 'commonRange: range', 'at least 2^-149', options.range);
  const contributors = checkInteger('commonRange: contributors', options.contributors, 1, 2 ** 20);
  const bound = Math.min(2 ** 31 - 1, Math.floor((2 ** (bits - 1) - 1) / contributors));
  if (bound < 1) {
    refuse('OVERFLOW', 'commonRange: bits', `more than ${bits} bits for ${contributors} contributors`, bits);
  }
  return createLinearCodec(gridStage(bits, range, bound, contributors));
}

export function gridStage(
  bits: number,
  range: number,
  bound: number,
  contributors: number,
): LinearStage & Guaranteed<Bounded> {
  return {
    id: 48,
    kind: 'commonRange',
    linearity: 'linear',
    unbiased: true,
    guarantee: { kind: 'bounded', error: range / bound / 2, range },
    bits,
    bound,
    meanSquaredError: (range / bound) ** 2 / 4,
    integerCount: (size) => size,

    strain(values: Float32Array) {
      let clipped = 0;
      for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > range) clipped++;
      return { clipped, wide: 0, alone: 0 };
    },

    integers(values: Float32Array, encoding: Encoding) {
      const integers = new Int32Array(values.length);
      const rng = encoding.rng();
      const factor = bound / range;
      for (let i = 0; i < values.length; i++) {
        const clipped = Math.max(-range, Math.min(range, values[i]));
        const rounded = Math.floor(clipped * factor + rng.uint32() * INVERSE);
        integers[i] = Math.max(-bound, Math.min(bound, rounded));
      }
      return integers;
    },

    contributed: (_: Float32Array, integers: Int32Array) =>
      Float32Array.from(integers, (integer) => integer * (range / bound)),

    sum(sum: Int32Array | Float64Array, size: number, options: SumContext) {
      if (options.contributors > contributors) {
        refuse('OVERFLOW', 'decodeSum: contributors', `at most ${contributors}`, options.contributors);
      }
      const step = range / bound;
      return Float32Array.from({ length: size }, (_, i) => centered(sum[i], bits) * step);
    },

    write(out, values, encoding) {
      out.float32(range);
      out.varint(bound);
      writeFields(out, this.integers(values, encoding), -bound, widthOf(bound));
    },

    read(input, size, sink) {
      const wireRange = input.float32('a range');
      const wireBound = input.varint(2 ** 31 - 1, 'a bound');
      if (wireRange <= 0 || wireBound < 1) corrupt('a range and bound above 0', Math.min(wireRange, wireBound));
      const fields = readFields(input, size, -wireBound, widthOf(wireBound));
      const step = wireRange / wireBound;
      emitChunks(size, sink, (chunk) => {
        for (let i = 0; i < chunk.length; i++) {
          const integer = fields.next();
          if (integer > wireBound) corrupt(`integers up to ${wireBound}`, integer);
          chunk[i] = integer * step;
        }
      });
      fields.end();
    },
  };
}

/** Bits of 2·bound + 1 values. */
function widthOf(bound: number): number {
  return 33 - Math.clz32(bound);
}
