import type { Codec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../test/support.ts';
import {
  clientSeed,
  commonRange,
  contraction,
  cosine,
  decode,
  errorFeedback,
  fetchSgd,
  float32,
  powerSgd,
  rotated,
  wrapped,
} from './index.ts';

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });
const grid = commonRange({ bits: 24, range: 1, contributors: 4 });
const context = { ...contextOf(1), expectedSize: 3 };

describe('what codecs refuse', () => {
  it('ranges and spreads too small for float32', () => {
    expect(() => commonRange({ bits: 8, range: 2 ** -151, contributors: 1 })).toThrow(
      refusal('OUT_OF_RANGE', /^commonRange: range: expected at least 2\^-149/),
    );
    commonRange({ bits: 8, range: 2 ** -149, contributors: 1 });
    expect(() => wrapped({ bits: 8, spread: 2 ** -101 })).toThrow(
      refusal('OUT_OF_RANGE', /^wrapped: spread: expected at least 2\^-100/),
    );
    wrapped({ bits: 8, spread: 2 ** -100 });
  });

  it('a seed of a round that is too short', () => {
    expect(() => clientSeed(new Uint8Array(15), 'a')).toThrow(refusal('OUT_OF_RANGE', /at least 16 bytes, got 15/));
    expect(clientSeed(new Uint8Array(16), 'a')).toHaveLength(32);
  });

  it('what is no codec inside another', () => {
    for (const wrong of [{}, null, { kind: 'x', encode: () => new Uint8Array(0) }]) {
      for (const around of [rotated, cosine]) {
        expect(() => around(wrong as unknown as Codec<'perClient'>)).toThrow(refusal('INVALID_ARGUMENT', /a codec/));
      }
    }
  });

  it('memory around what is no codec, or states no guarantee', () => {
    expect(() => errorFeedback({} as never, { size: 3 })).toThrow(refusal('INVALID_ARGUMENT', /errorFeedback: codec/));
    const silent = { ...float32(), guarantee: undefined };
    expect(() => contraction(silent as never)).toThrow(
      refusal('INVALID_ARGUMENT', /contraction: codec: expected a codec that states its guarantee/),
    );
  });

  it('layouts that are none, and momentum that never fades', () => {
    expect(() => powerSgd({ layout: {} as never, rank: 1 } as never)).toThrow(
      refusal('INVALID_ARGUMENT', /powerSgd: layout: expected a Layout/),
    );
    expect(() => fetchSgd({ rows: 3, columns: 64, k: 4, seed: 1, momentum: 1 } as never)).toThrow(
      refusal('OUT_OF_RANGE', /fetchSgd: momentum/),
    );
  });

  it('sums in plain arrays, of no size, of nobody, or beyond float32', () => {
    const sum = [1, 2, 3] as unknown as Int32Array;
    expect(() => grid.decodeSum(sum, { contributors: 1, context })).toThrow(
      refusal('INVALID_ARGUMENT', /^decodeSum: sum: expected an Int32Array or Float64Array/),
    );
    expect(() => grid.decodeSum(new Int32Array(3), { contributors: 0, context })).toThrow(
      refusal('OUT_OF_RANGE', /^decodeSum: contributors/),
    );
    const wide = commonRange({ bits: 24, range: 3e38, contributors: 4 });
    const most = new Int32Array(3).fill(4 * wide.bound);
    expect(() => wide.decodeSum(most, { contributors: 4, context })).toThrow(
      refusal('OVERFLOW', /^decodeSum: sum: expected sums within float32/),
    );
    // One client's own fits.
    expect(wide.decodeSum(most.fill(wide.bound), { contributors: 4, context })[0]).toBeCloseTo(3e38, -33);
  });

  it('a dithered encoding without the seed of its client', () => {
    const values = Float32Array.of(1, -1, 0.5);
    const codec = wrapped({ bits: 16, spread: 1 });
    const own = { ...contextOf(1), clientSeed: new Uint8Array(32).fill(3) };
    const bytes = codec.encode(values, own);
    expect(codec.decode(bytes, own)).toHaveLength(3);
    const { clientSeed: _, ...without } = own;
    expect(() => codec.decode(bytes, without)).toThrow(
      refusal('DECODE_FAILED', /expected plain rounding, or a context with the clientSeed/),
    );
  });

  it('bytes that name a codec of no version, and other sizes than expected', () => {
    const bytes = float32().encode(Float32Array.of(1, 2, 3), context);
    expect(decode(bytes, context)).toEqual(Float32Array.of(1, 2, 3));
    for (const at of [0, 1, 3]) {
      const wrong = bytes.slice();
      wrong[at] = 255;
      expect(() => decode(wrong, context)).toThrow(refusal('DECODE_FAILED', /^decode: expected/));
    }
    expect(() => decode(bytes, { ...context, expectedSize: 4 })).toThrow(refusal('DECODE_FAILED', /expected 4 values/));
    expect(() => decode(bytes, { ...context, expectedSize: -1 })).toThrow(refusal('OUT_OF_RANGE', /expectedSize/));
  });
});
