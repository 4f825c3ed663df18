import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import type { LinearCodec } from '../codec/contract.ts';
import { FedkitError } from '../errors.ts';
import { codecLaws } from './codec.ts';
import { checkLaws } from './law.ts';

describe('codec laws', () => {
  // Stochastic rounding to multiples of 1/64 within ±16, as 32-bit integers behind their number.
  const refuse = (message: string): never => {
    throw new FedkitError('DECODE_FAILED', message);
  };
  const round = (values: Float32Array, uniform: () => number): Int32Array => {
    if (!(values instanceof Float32Array)) throw new FedkitError('INVALID_ARGUMENT', 'test: expected a vector');
    if (!values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: expected finite values');
    return Int32Array.from(values, (value) => Math.floor(Math.max(-1024, Math.min(1023, value * 64)) + uniform()));
  };
  const right: LinearCodec = {
    kind: 'grid',
    linearity: 'linear',
    unbiased: true,
    bits: 24,
    bound: 1024,
    encode(values, context) {
      const integers = round(values, () => context.rng?.uniform() ?? 0.5);
      return new Uint8Array(Int32Array.of(integers.length, ...integers).buffer);
    },
    decode(bytes, { expectedSize } = {}) {
      if (bytes.length % 4 !== 0 || bytes.length < 4) refuse('test: expected whole integers');
      const [length, ...integers] = new Int32Array(bytes.slice().buffer);
      if (length !== integers.length) refuse('test: expected as many as said');
      if (expectedSize !== undefined && expectedSize !== length) refuse('test: expected another size');
      return Float32Array.from(integers, (integer) => integer / 64);
    },
    visit(bytes, sink, context) {
      const values = right.decode(bytes, context);
      sink.dense(0, values);
    },
    encodeIntegers: (values, context) => round(values, () => context.rng?.uniform() ?? 0.5),
    decodeSum: (sum) =>
      Float32Array.from(sum, (value) => {
        const residue = ((value % 2 ** 24) + 2 ** 24) % 2 ** 24;
        return (residue >= 2 ** 23 ? residue - 2 ** 24 : residue) / 64;
      }),
  };
  checkLaws(it, codecLaws({ codec: right }));

  let calls = 0;
  const mistakes: [string, Partial<LinearCodec>, string][] = [
    [
      'encoder with a mind of its own',
      {
        encode: (values, context) =>
          right.encode(
            values.map((value) => value + ++calls),
            context,
          ),
      },
      'the same values, context and stream give the same bytes',
    ],
    [
      'decoder that loses a value',
      { decode: (bytes, context) => right.decode(bytes, context).slice(1) },
      'decode gives a finite vector of the same length, twice the same, without the private stream',
    ],
    [
      'visit that skips',
      { visit: (bytes, sink, context) => sink.dense(0, right.decode(bytes, context).fill(0, 0, 1)) },
      'visit hands over what decode returns, in ascending order, and does not keep its arrays',
    ],
    [
      'encoder of what its decoder refuses',
      {
        decode(bytes, context) {
          const values = right.decode(bytes, context);
          if (values.some((value) => Math.abs(value) > 15)) throw new FedkitError('DECODE_FAILED', 'too large');
          return values;
        },
      },
      'what it takes it can decode, however large, small or unequal the values',
    ],
    [
      'encoder of NaN',
      {
        encode: (values, context) =>
          right.encode(
            values.map((value) => (Number.isFinite(value) ? value : 0)),
            context,
          ),
      },
      'values that are not finite, or no vector, are refused',
    ],
    [
      'decoder that takes any size',
      { decode: (bytes) => right.decode(bytes) },
      'another size than the expected one is refused before anything is decoded',
    ],
    [
      'decoder that trusts lengths',
      {
        decode(bytes, context) {
          const whole = bytes.slice(0, 4 + 4 * new Int32Array(bytes.slice(0, 4).buffer)[0]);
          return right.decode(whole, context);
        },
      },
      'bytes that were cut or extended are refused',
    ],
    [
      'decoder that crashes',
      {
        decode(bytes, context) {
          if (bytes.length > 9 && bytes[9] > 200) throw new RangeError('offset is out of bounds');
          return right.decode(bytes, context);
        },
      },
      'hostile bytes are refused, or decode to a vector of the expected size',
    ],
    [
      'biased rounding',
      { encode: (values, context) => right.encode(values, { sharedSeed: context.sharedSeed }) },
      'an unbiased codec is right on average',
    ],
    ['bound that does not hold', { bound: 3 }, 'integers are within the bound, and the same for the same stream'],
    [
      'sum that is divided',
      { decodeSum: (sum, options) => right.decodeSum(sum, options).map((value) => value / options.contributors) },
      'a sum of integers decodes to the sum of what they decode to alone',
    ],
    [
      'sum without a modulus',
      { decodeSum: (sum) => Float32Array.from(sum, (value) => value / 64) },
      'only residues modulo 2^bits matter',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await brokenNames(codecLaws({ codec: { ...right, ...mistake } }))).toContain(law);
  });
});
