import { seededRng } from '@fedkit/core';
import type { Codec, LinearCodec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import {
  clientSeed,
  commonRange,
  eden,
  nextSpread,
  pipe,
  qsgd,
  randomK,
  rotated,
  signSgd,
  stc,
  topK,
  uniform,
  wrapped,
} from '../index.ts';
import { centered } from './fields.ts';

const roundSeed = new Uint8Array(32).fill(5);

/** Sums modulo 2^bits as secure aggregation would, from integers of either sign, not centered. */
function ringSum(integers: readonly Int32Array[], bits: number): Float64Array {
  const sum = new Float64Array(integers[0].length);
  for (const one of integers) one.forEach((value, i) => (sum[i] = (sum[i] + value + 2 ** bits) % 2 ** bits));
  return sum;
}

function contextFor(client: number) {
  return { ...contextOf(client), sharedSeed: roundSeed, clientSeed: clientSeed(roundSeed, client) };
}

describe('linear codecs', () => {
  const size = 3000;
  const clients = Array.from({ length: 20 }, (_, i) => normals(size, seededRng(i)));
  const codecs: Record<string, [LinearCodec, tolerance: number]> = {
    commonRange: [commonRange({ bits: 24, range: 6, contributors: 20 }), 2e-4],
    'rotated commonRange': [rotated(commonRange({ bits: 24, range: 6, contributors: 20 })), 2e-4],
    wrapped: [wrapped({ bits: 20, spread: 6 }), 3e-4],
    'rotated wrapped': [rotated(wrapped({ bits: 20, spread: 6 })), 3e-4],
  };

  it.each(Object.entries(codecs))(
    '%s: the sum of the integers decodes to the sum, dropouts included',
    (_, [codec, tolerance]) => {
      const encoded = clients.map((values, client) => codec.encodeIntegers(values, contextFor(client)));
      for (const one of encoded) {
        expect(one.every((value) => Math.abs(value) <= codec.bound)).toBe(true);
      }
      for (const survivors of [[0], [3, 4, 17], clients.map((_values, i) => i)]) {
        const sum = ringSum(
          survivors.map((client) => encoded[client]),
          codec.bits,
        );
        const dithered = codec.kind.includes('wrapped');
        const decoded = codec.decodeSum(sum, {
          contributors: survivors.length,
          ...(dithered ? { seeds: survivors.map((client) => clientSeed(roundSeed, client)) } : {}),
          context: { sharedSeed: roundSeed, expectedSize: size },
        });
        expect(decoded.length).toBe(size);
        decoded.forEach((value, i) => {
          const exact = survivors.reduce((total, client) => total + clients[client][i], 0);
          expect(Math.abs(value - exact)).toBeLessThan(tolerance * Math.sqrt(survivors.length) * 5);
        });
      }
    },
  );

  it('the integers of one client say what its bytes say', () => {
    for (const [codec] of Object.values(codecs)) {
      const context = { ...contextFor(1), expectedSize: size };
      const fromBytes = codec.decode(codec.encode(clients[1], context), context);
      const seeds = codec.kind.includes('wrapped') ? { seeds: [context.clientSeed] } : {};
      const integers = codec.encodeIntegers(clients[1], contextFor(1));
      expect(codec.decodeSum(integers, { contributors: 1, ...seeds, context })).toEqual(fromBytes);
    }
  });

  it.each([2, 3, 31, 32])('rings of %s bits carry values to within a step, by bytes as by integers', (bits) => {
    const values = Float32Array.of(-3, -1.5, 0, 0.25, 2.5);
    const codec = wrapped({ bits, spread: 1 });
    const step = 12 / 2 ** bits;
    const context = { ...contextFor(1), expectedSize: values.length };
    const decoded = codec.decode(codec.encode(values, contextFor(1)), context);
    decoded.forEach((value, i) => expect(Math.abs(value - values[i])).toBeLessThanOrEqual(step + 2 ** -22));
    const sum = codec.encodeIntegers(values, contextFor(1));
    expect(codec.decodeSum(sum, { contributors: 1, seeds: [context.clientSeed], context })).toEqual(decoded);
  });

  it('random-k over a grid sums the places of the shared seed, scaled by d / k', () => {
    const codec = pipe(randomK({ density: 0.1 }), commonRange({ bits: 30, range: 8, contributors: 20 }));
    const encoded = clients.map((values, client) => codec.encodeIntegers(values, contextFor(client)));
    expect(encoded[0].length).toBe(300);
    const decoded = codec.decodeSum(ringSum(encoded, 30), {
      contributors: 20,
      context: { sharedSeed: roundSeed, expectedSize: size },
    });
    const support = new Set(randomK({ density: 0.1 }).support(clients[0], contextFor(0)));
    decoded.forEach((value, i) => {
      const exact = support.has(i) ? 10 * clients.reduce((total, values) => total + values[i], 0) : 0;
      expect(Math.abs(value - exact)).toBeLessThan(1e-3);
    });
  });

  // n · MSE concentrates within 1 % at 4,096 coordinates: the bound has a third to spare.
  it('12 bits for 100 clients: n · MSE of the mean at most 1e-4 per unit variance, a third below it undithered', () => {
    const n = 100;
    const d = 4096;
    const codec = rotated(wrapped({ bits: 12, spread: Math.sqrt(n) }));
    const run = (dithered: boolean) => {
      const exact = new Float64Array(d);
      const encoded: Int32Array[] = [];
      for (let client = 0; client < n; client++) {
        const values = normals(d, seededRng(`ring ${client}`));
        values.forEach((value, i) => (exact[i] += value));
        const { clientSeed: own, ...context } = contextFor(client);
        encoded.push(codec.encodeIntegers(values, dithered ? { ...context, clientSeed: own } : context));
      }
      const decoded = codec.decodeSum(ringSum(encoded, 12), {
        contributors: n,
        ...(dithered ? { seeds: encoded.map((_, client) => clientSeed(roundSeed, client)) } : {}),
        context: { sharedSeed: roundSeed, expectedSize: d },
      });
      const squares = decoded.reduce((sum, value, i) => sum + ((value - exact[i]) / n) ** 2, 0);
      return (n * squares) / d;
    };
    expect(run(true)).toBeLessThan(1e-4);
    expect(run(true)).toBeLessThan(0.6 * run(false));
  });

  it('tunes the spread to the sums it sees, up after wrapping and down after shrinking', () => {
    for (const truth of [0.01, 1, 50]) {
      let spread = 1;
      for (let round = 0; round < 30; round++) {
        const codec = wrapped({ bits: 12, spread });
        const values = normals(2000, seededRng(round)).map((value) => value * truth);
        const sum = codec.encodeIntegers(values, contextFor(round));
        const seeds = [clientSeed(roundSeed, round)];
        const context = { sharedSeed: roundSeed, expectedSize: 2000 };
        spread = nextSpread(spread, codec.decodeSum(sum, { contributors: 1, seeds, context }));
      }
      expect(spread / truth).toBeGreaterThan(1.1);
      expect(spread / truth).toBeLessThan(1.4);
    }
  });

  it('tunes the spread to no other than a ring takes, and refuses sums that are none', () => {
    let spread = 1;
    for (let round = 0; round < 50; round++) spread = nextSpread(spread, new Float32Array(8));
    expect(wrapped({ bits: 12, spread }).guarantee.range).toBeLessThan(2 ** -97);
    expect(wrapped({ bits: 12, spread: nextSpread(2 ** 100, new Float32Array(8).fill(3e38)) }).bits).toBe(12);
    for (const value of [Number.NaN, Infinity]) {
      expect(() => nextSpread(1, Float32Array.of(0, value))).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
  });

  it.each([2, 4, 12])('errs by no more than a step up to the range that a ring of %i bits states', (bits) => {
    const codec = wrapped({ bits, spread: 1 });
    const { range, error } = codec.guarantee;
    const values = new Float32Array(500).map((_, i) => (i % 2 === 0 ? range : -range));
    for (const clientSeed of [undefined, new Uint8Array(32).fill(7)]) {
      const own = { sharedSeed: roundSeed, rng: seededRng('range'), ...(clientSeed && { clientSeed }) };
      const decoded = codec.decode(codec.encode(values, own), own);
      decoded.forEach((value, i) => expect(Math.abs(value - values[i])).toBeLessThanOrEqual(2.001 * error));
    }
  });

  it('centers residues', () => {
    expect([7, 8, -8, -9, 16, 0.5, 15.5].map((value) => centered(value, 4))).toEqual([7, -8, -8, 7, 0, 0.5, -0.5]);
  });

  it('refuse sums, seeds, sizes and parameters that do not fit', () => {
    const codec = commonRange({ bits: 8, range: 1, contributors: 4 });
    const context = { sharedSeed: roundSeed, expectedSize: 3 };
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => codec.decodeSum(new Int32Array(3), { contributors: 5, context })).toThrow(code('OVERFLOW'));
    expect(() => codec.decodeSum(new Int32Array(2), { contributors: 1, context })).toThrow(code('SHAPE_MISMATCH'));
    expect(() => codec.decodeSum(Float64Array.of(0, Number.NaN, 0), { contributors: 1, context })).toThrow(
      code('OUT_OF_RANGE'),
    );
    expect(() => codec.decodeSum(new Int32Array(3), { contributors: 1, context: { sharedSeed: roundSeed } })).toThrow(
      code('INVALID_ARGUMENT'),
    );
    expect(() =>
      wrapped({ bits: 8, spread: 1 }).decodeSum(new Int32Array(3), { contributors: 2, seeds: [roundSeed], context }),
    ).toThrow(code('SHAPE_MISMATCH'));
    expect(() => commonRange({ bits: 4, range: 1, contributors: 8 })).toThrow(code('OVERFLOW'));
    expect(() => commonRange({ bits: 53, range: 1, contributors: 8 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => wrapped({ bits: 33, spread: 1 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => wrapped({ bits: 8, spread: 0 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => codec.encodeIntegers(Float32Array.of(Number.NaN), contextFor(0))).toThrow(code('OUT_OF_RANGE'));
  });

  it('are in the type: what depends on the data does not compile where a linear codec is required', () => {
    const secure = (codec: LinearCodec) => codec.linearity;
    const summable = (codec: Codec<'linear'>) => codec.linearity;
    const grid = commonRange({ bits: 16, range: 1, contributors: 2 });
    expect(secure(grid)).toBe('linear');
    expect(secure(rotated(wrapped({ bits: 8, spread: 1 })))).toBe('linear');
    expect(secure(pipe(randomK({ density: 0.5 }), grid))).toBe('linear');
    expect(summable(randomK({ density: 0.5 }))).toBe('linear');
    // @ts-expect-error: top-k picks places by the data
    expect(secure(topK({ density: 0.1 }))).toBe('perClient');
    // @ts-expect-error: EDEN has a scale and a grid of its own
    expect(secure(eden({ bits: 4 }))).toBe('perClient');
    // @ts-expect-error: QSGD has norms of its own
    expect(summable(qsgd({ bits: 4 }))).toBe('perClient');
    // @ts-expect-error: uniform has a range of its own
    expect(summable(uniform({ bits: 8 }))).toBe('perClient');
    // @ts-expect-error: signs lose what a sum needs
    expect(summable(signSgd())).toBe('perClient');
    // @ts-expect-error: STC
    expect(summable(stc({ density: 0.01 }))).toBe('perClient');
    // @ts-expect-error: rotating does not make it linear
    expect(summable(rotated(uniform({ bits: 8 })))).toBe('perClient');
    // @ts-expect-error: a shared support does not help values on grids of their own
    expect(summable(pipe(randomK({ density: 0.5 }), uniform({ bits: 8 })))).toBe('perClient');
    // @ts-expect-error: random-k without a grid has no integers
    expect('encodeIntegers' in randomK({ density: 0.5 }) && secure(randomK({ density: 0.5 }))).toBe(false);
  });
});
