/**
 * The best unbiased encoding that fits a number of bytes.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { Codec, CodecContext } from '@fedkit/core/codec';
import { checkInteger } from '@fedkit/core/internal';
import { eden, edenBodyBytes } from '../eden/eden.ts';
import { MAX_BITS } from '../eden/quantizers.ts';
import { randomK } from '../sparse/random-k.ts';
import { measure } from '../measure.ts';

/** Codecs of one kind, finer with growing `level`, whose length is known before encoding. */
export interface BudgetFamily {
  readonly kind: string;
  /** Levels are the integers from 1 to here. */
  readonly levels: number;
  /** The most bytes that encoding `size` values at a level takes; does not fall as the level grows by more than a byte. */
  bytes(size: number, level: number): number;
  /** Must be unbiased, so that clients of different budgets average soundly. */
  codec(size: number, level: number): Codec;
  /** The level in the codec's own terms: bits, or density. */
  parameter(size: number, level: number): number;
}

/** One encoding within its budget. */
export interface BudgetEncoding {
  readonly bytes: Uint8Array;
  /** What decodes it. */
  readonly codec: Codec;
  /** Bits a coordinate for EDEN, density for random-k. */
  readonly parameter: number;
  /**
   * ‖decoded − values‖², in the values' unit squared, of these very bytes: an estimate of the encoding's variance, within
   * a percent for models of 10^5 values. Weight clients by 1 / (variance + what their data varies) for the best mean.
   */
  readonly variance: number;
  /** variance / ‖values‖². */
  readonly nmse: number;
}

/** Length of magic, version, size and kind. */
function envelopeBytes(size: number): number {
  let bytes = 4;
  for (let rest = size; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

const STEPS = 1024;

/** EDEN from 1/1024 to 8 bits a coordinate, in steps of 1/1024. Below one bit it sends a fraction of the coordinates. */
export function edenFamily(): BudgetFamily {
  return {
    kind: 'eden',
    levels: MAX_BITS * STEPS,
    bytes: (size, level) => envelopeBytes(size) + edenBodyBytes(size, level / STEPS),
    codec: (_, level) => eden({ bits: level / STEPS }),
    parameter: (_, level) => level / STEPS,
  };
}

/** Random-k with exact values, k from 1 to d: larger error than EDEN, but what it sends is exact and sums stay sparse. */
export function randomKFamily(): BudgetFamily {
  const density = (size: number, level: number) => Math.min(1, level / Math.max(1, size));
  return {
    kind: 'randomK',
    levels: 0x7fffffff,
    bytes: (size, level) => envelopeBytes(size) + 11 + 4 * Math.min(size, level),
    codec: (size, level) => randomK({ density: density(size, level) }),
    parameter: density,
  };
}

/**
 * Chooses, for each vector, the finest codec of the family whose encoding fits `budget` bytes. Clients may have different
 * budgets: all codecs of a family are unbiased, so their mean is.
 *
 * @param budget - Bytes of the whole message, an integer > 0.
 * @throws FedkitError `BUDGET_EXHAUSTED` from `encode` where not even the coarsest fits.
 */
export function encodeToBudget(
  family: BudgetFamily,
  budget: number,
): { encode(values: Float32Array, context: CodecContext): BudgetEncoding } {
  checkInteger('encodeToBudget: budget', budget, 1);
  return {
    encode(values, context) {
      const level = finest(family, values.length, budget);
      const codec = family.codec(values.length, level);
      const bytes = codec.encode(values, context);
      const { nmse, variance } = measure(codec, values, context, bytes);
      return { bytes, codec, parameter: family.parameter(values.length, level), variance, nmse };
    },
  };
}

function finest(family: BudgetFamily, size: number, budget: number): number {
  let low = 0;
  let high = family.levels;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (family.bytes(size, middle) <= budget) low = middle;
    else high = middle - 1;
  }
  if (low === 0) {
    const least = family.bytes(size, 1);
    throw new FedkitError(
      'BUDGET_EXHAUSTED',
      `encodeToBudget: expected at least ${least} bytes for ${size} values, got ${budget}`,
      { details: { required: least, budget } },
    );
  }
  return low;
}
