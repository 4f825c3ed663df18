/**
 * The laws of a {@link Codec}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { Codec, CodecContext, LinearCodec } from '../codec/contract.ts';
import { type Rng, seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { guaranteeLaw } from './guarantee.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** A codec, and what it needs. */
export interface CodecSetup {
  readonly codec: Codec;
  /** The encoder's private stream is `rng`; anything else a codec wants is added here. Default: a shared seed and the stream. */
  context?(rng: Rng): CodecContext;
  /** Lengths to try; default 1, 2, 7, 64 and 1000. */
  readonly sizes?: readonly number[];
  /**
   * Vectors to average for the law of unbiasedness; default 1000. Tested at six standard errors for 24 coordinates with
   * fixed seeds: an unbiased codec fails at one of 10^7 seeds.
   */
  readonly draws?: number;
  /**
   * Whether the expectation is over shared seeds as well as over the private stream (rotations, random-k supports);
   * default true.
   */
  readonly averageOverSharedSeeds?: boolean;
}

/** Repeatable, self-describing, indifferent to how the sink is fed, and safe to point at hostile bytes. */
export function codecLaws(setup: CodecSetup): Law[] {
  checkOptions('codecLaws', setup, {
    codec: true,
    context: true,
    sizes: true,
    draws: true,
    averageOverSharedSeeds: true,
  } satisfies OptionNames<typeof setup>);
  const { codec, sizes = [1, 2, 7, 64, 1000], draws = 1000, averageOverSharedSeeds = true } = setup;
  const context = (label: string | number, seed: string | number = 'shared'): CodecContext => {
    const rng = seededRng('private').fork(label);
    const given = setup.context?.(rng) ?? { sharedSeed: new Uint8Array(32), rng };
    return { ...given, sharedSeed: seededRng('seed').fork(seed).fill(new Uint8Array(32)) };
  };
  const vector = (size: number): Float32Array => {
    const rng = seededRng('values').fork(size);
    return Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * 2 ** (rng.below(7) - 3));
  };
  const forSizes = (check: (values: Float32Array) => void): void => sizes.forEach((size) => check(vector(size)));

  const laws: Law[] = [
    {
      name: 'the same values, context and stream give the same bytes',
      run: () =>
        forSizes((values) => {
          const before = values.slice();
          const bytes = codec.encode(values, context('a'));
          ensure(sameBits(codec.encode(values, context('a')), bytes), 'the same bytes twice');
          ensure(sameBits(values, before), 'the values as they were');
        }),
    },
    {
      name: 'decode gives a finite vector of the same length, twice the same, without the private stream',
      run: () =>
        forSizes((values) => {
          const { rng: _private, ...shared } = context('a');
          const bytes = codec.encode(values, context('a'));
          const kept = bytes.slice();
          const decoded = codec.decode(bytes, shared);
          ensure(decoded.length === values.length, `${values.length} values, got ${decoded.length}`);
          ensure(decoded.every(Number.isFinite), 'finite values');
          ensure(sameBits(codec.decode(bytes, { ...shared, expectedSize: values.length }), decoded), 'the same twice');
          ensure(sameBits(bytes, kept), 'the bytes as they were');
        }),
    },
    {
      name: 'visit hands over what decode returns, in ascending order, and does not keep its arrays',
      run: () =>
        forSizes((values) => {
          const bytes = codec.encode(values, context('a'));
          const expected = codec.decode(bytes, context('a'));
          const gathered = new Float32Array(values.length);
          let next = 0;
          const put = (index: number, value: number): void => {
            ensure(
              index >= next && index < values.length,
              `place ${index} after ${next - 1} and below ${values.length}`,
            );
            gathered[index] = value;
            next = index + 1;
          };
          codec.visit(
            bytes,
            {
              dense(offset, chunk) {
                chunk.forEach((value, i) => put(offset + i, value));
                chunk.fill(Number.NaN);
              },
              sparse(indices, chunk) {
                ensure(indices.length === chunk.length, 'as many indices as values');
                indices.forEach((index, i) => put(index, chunk[i]));
                chunk.fill(Number.NaN);
              },
            },
            context('a'),
          );
          ensure(
            gathered.every((value, i) => value === expected[i]),
            'a visit to add up to the decoded vector',
          );
          ensure(sameBits(codec.decode(bytes, context('a')), expected), 'decode not to be disturbed by a sink');
        }),
    },
    {
      name: 'a vector of zeros survives',
      run() {
        for (const size of sizes) {
          const decoded = codec.decode(codec.encode(new Float32Array(size), context('a')), context('a'));
          ensure(decoded.length === size && decoded.every(Number.isFinite), `${size} finite values`);
        }
      },
    },
    {
      name: 'what it takes it can decode, however large, small or unequal the values',
      run() {
        const largest = 3.4028234663852886e38;
        for (const size of sizes) {
          for (const scale of [2 ** -149, 2 ** -126, 1e-30, 1e30, 2 ** 112, 2 ** 126, largest]) {
            const shapes: [string, (i: number) => number][] = [
              ['all as large', (i) => (i % 3 === 0 ? -scale : scale)],
              ['one alone', (i) => (i === size >> 1 ? scale : 0)],
              ['one among small ones', (i) => (i === 0 ? scale : 2 ** -149)],
              ['falling', (i) => scale / (i + 1)],
            ];
            for (const [shape, value] of shapes) {
              const values = Float32Array.from({ length: size }, (_, i) => value(i));
              const own = context(shape);
              let bytes: Uint8Array;
              try {
                bytes = codec.encode(values, own);
              } catch (error) {
                ensureRefused(`${size} values of ${scale}, ${shape}`, ['OUT_OF_RANGE'], () => {
                  throw error;
                });
                continue;
              }
              let decoded: Float32Array | undefined;
              try {
                decoded = codec.decode(bytes, own);
              } catch (cause) {
                throw new Error(`expected ${size} values of ${scale}, ${shape}, to be decoded or refused`, { cause });
              }
              ensure(
                decoded.length === size && decoded.every(Number.isFinite),
                `finite values from ${scale}, ${shape}`,
              );
            }
          }
        }
      },
    },
    {
      name: 'values that are not finite, or no vector, are refused',
      run() {
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          const values = vector(7);
          values[6] = value;
          ensureRefused(`a value of ${value}`, ['OUT_OF_RANGE'], () => codec.encode(values, context('a')));
        }
        ensureRefused('no vector', ['INVALID_ARGUMENT'], () =>
          codec.encode([1] as unknown as Float32Array, context('a')),
        );
      },
    },
    {
      name: 'another size than the expected one is refused before anything is decoded',
      run: () =>
        forSizes((values) => {
          const bytes = codec.encode(values, context('a'));
          for (const expectedSize of [values.length + 1, values.length - 1, 0]) {
            ensureRefused(`an expected size of ${expectedSize}`, ['DECODE_FAILED'], () =>
              codec.decode(bytes, { ...context('a'), expectedSize }),
            );
            ensureRefused(`a visit expecting ${expectedSize}`, ['DECODE_FAILED'], () =>
              codec.visit(bytes, { dense() {}, sparse() {} }, { ...context('a'), expectedSize }),
            );
          }
        }),
    },
    {
      name: 'bytes that were cut or extended are refused',
      run: () =>
        forSizes((values) => {
          const bytes = codec.encode(values, context('a'));
          const step = Math.max(1, Math.floor(bytes.length / 61));
          for (let length = 0; length < bytes.length; length += length < 32 ? 1 : step) {
            ensureRefused(`${length} of ${bytes.length} bytes`, ['DECODE_FAILED'], () =>
              codec.decode(bytes.slice(0, length), context('a')),
            );
          }
          const extended = new Uint8Array(bytes.length + 1);
          extended.set(bytes);
          ensureRefused('a byte too many', ['DECODE_FAILED'], () => codec.decode(extended, context('a')));
        }),
    },
    {
      name: 'hostile bytes are refused, or decode to a vector of the expected size',
      run() {
        const values = vector(64);
        const bytes = codec.encode(values, context('a'));
        const rng = seededRng('damage');
        for (let trial = 0; trial < 400; trial++) {
          const damaged = trial < 300 ? bytes.slice() : rng.fill(new Uint8Array(rng.below(2 * bytes.length + 1)));
          if (trial < 300) {
            const at = rng.below(trial % 2 === 0 ? Math.min(bytes.length, 24) : bytes.length);
            damaged[at] ^= 1 + rng.below(255);
          }
          let decoded: Float32Array;
          try {
            decoded = codec.decode(damaged, { ...context('a'), expectedSize: 64 });
          } catch (error) {
            ensureRefused(`damaged bytes (trial ${trial})`, ['DECODE_FAILED'], () => {
              throw error;
            });
            continue;
          }
          ensure(decoded.length === 64, 'the expected size whatever the bytes say');
        }
      },
    },
    {
      name: 'an unbiased codec is right on average',
      run() {
        if (!codec.unbiased) return;
        const size = 24;
        const values = vector(size);
        const sum = new Float64Array(size);
        const squares = new Float64Array(size);
        for (let draw = 0; draw < draws; draw++) {
          const own = context(draw, averageOverSharedSeeds ? draw : 'shared');
          codec.decode(codec.encode(values, own), own).forEach((value, c) => {
            const error = value - values[c];
            sum[c] += error;
            squares[c] += error * error;
          });
        }
        // Where rounding up is rare its variance may not have shown yet: the widest coordinate's stands in for all.
        const error = squares.reduce((most, square) => Math.max(most, Math.sqrt(square) / draws), 0);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        sum.forEach((total, c) => {
          ensure(
            Math.abs(total / draws) <= 6 * error + 1e-6 * largest,
            `no bias at coordinate ${c}, got ${total / draws} with a standard error of at most ${error}`,
          );
        });
      },
    },
    guaranteeLaw(codec, sizes, context),
  ];
  // Some codecs are linear without integers of their own, such as a sparsifier on a shared support.
  return 'encodeIntegers' in codec ? [...laws, ...linearLaws(codec as LinearCodec, context, vector)] : laws;
}

function linearLaws(
  codec: LinearCodec,
  context: (label: number, seed?: number) => CodecContext,
  vector: (size: number) => Float32Array,
): Law[] {
  const clients = 5;
  const ring = 2 ** codec.bits;
  const values = Array.from({ length: clients }, (_, i) => vector(64 + i).subarray(0, 64));
  const contexts = values.map((_, i) => ({ ...context(i, 0) }));
  // Whatever a client's own is: its seed where it has one.
  const seeds = contexts.map(({ clientSeed, sharedSeed }) => clientSeed ?? sharedSeed);
  const encoded = (): Int32Array[] => values.map((update, i) => codec.encodeIntegers(update, { ...context(i, 0) }));
  const sumOf = (integers: readonly Int32Array[]): Float64Array =>
    Float64Array.from(integers[0], (_, c) => integers.reduce((sum, own) => sum + own[c], 0));
  const decode = (sum: Float64Array, contributors: number, own = seeds): Float32Array =>
    codec.decodeSum(sum, { contributors, seeds: own, context: { ...contexts[0], expectedSize: 64 } as CodecContext });
  return [
    {
      name: 'integers are within the bound, and the same for the same stream',
      run() {
        const once = encoded();
        ensure(sameBits(encoded(), once), 'the same integers twice');
        for (const own of once) {
          ensure(
            own.every((integer) => Math.abs(integer) <= codec.bound),
            `integers within ±${codec.bound}`,
          );
        }
      },
    },
    {
      name: 'a sum of integers decodes to the sum of what they decode to alone',
      run() {
        const integers = encoded();
        const total = decode(sumOf(integers), clients);
        const alone = integers.map((own, i) => decode(Float64Array.from(own), 1, [seeds[i]]));
        const scale = alone.reduce((most, own) => own.reduce((m, value) => Math.max(m, Math.abs(value)), most), 1e-30);
        total.forEach((value, c) => {
          const expected = alone.reduce((sum, own) => sum + own[c], 0);
          ensure(Math.abs(value - expected) <= 1e-5 * clients * scale, `${expected} at ${c}, got ${value}`);
        });
      },
    },
    {
      name: 'what clients say they contributed adds up to the decoded sum, however a single one wraps',
      run() {
        if (!codec.contributed) return;
        // Large enough for single clients to wrap where the codec lets them, and every second against its neighbour.
        for (const scale of [1, 64]) {
          const large = Array.from({ length: 2 * clients }, (_, i) =>
            values[i >> 1].map((value) => (i % 2 === 0 ? scale : -scale) * value + (i % 2) * 0.01 * value),
          );
          const own = (i: number): CodecContext => context(1000 + i, 0);
          const given = large.map((update, i) => codec.encodeIntegers(update, own(i)));
          const contexts = large.map((_, i) => own(i));
          const total = decode(
            sumOf(given),
            large.length,
            contexts.map(({ clientSeed, sharedSeed }) => clientSeed ?? sharedSeed),
          );
          const sums = new Float64Array(64);
          large.forEach((update, i) =>
            codec.contributed?.(update, given[i], own(i)).forEach((value, c) => {
              sums[c] += value;
            }),
          );
          const most = large.reduce((m, update) => update.reduce((n, value) => Math.max(n, Math.abs(value)), m), 1e-30);
          total.forEach((value, c) => {
            ensure(Math.abs(value - sums[c]) <= 1e-5 * clients * most, `${sums[c]} at ${c}, got ${value}`);
          });
        }
      },
    },
    {
      name: 'only residues modulo 2^bits matter',
      run() {
        const sum = sumOf(encoded());
        const expected = decode(sum, clients);
        ensure(
          sameBits(
            decode(
              sum.map((value) => ((value % ring) + ring) % ring),
              clients,
            ),
            expected,
          ),
          'residues ≥ 0',
        );
        ensure(
          sameBits(
            decode(
              sum.map((value) => value - ring),
              clients,
            ),
            expected,
          ),
          'one ring further down',
        );
      },
    },
  ];
}
