import { describe, expect, it } from 'vitest';
import type { LinearCodec } from '../codec/contract.ts';
import { linearCodecsFor } from './linear-codecs.ts';

const slots = [{ name: 'params', size: 2 }] as never;
const codec = (change: object = {}): LinearCodec =>
  ({
    kind: 'fake',
    linearity: 'linear',
    bound: 1,
    encode: () => new Uint8Array(0),
    decode: () => new Float32Array(0),
    encodeIntegers: () => new Int32Array(0),
    ...change,
  }) as never;

describe('linearCodecsFor', () => {
  it('takes a codec whose integers have a bound that is one, up to the largest', () => {
    for (const bound of [1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      const own = codec({ bound });
      expect(linearCodecsFor('test', own, slots)).toEqual([own]);
    }
  });

  it.each([
    ['a bound beyond the largest integer', { bound: Number.MAX_SAFE_INTEGER + 1 }],
    ['a bound that is no integer', { bound: 1.5 }],
    ['no bound', { bound: undefined }],
    ['no integers', { encodeIntegers: undefined }],
    ['encodings that do not add', { linearity: 'perClient' }],
  ])('refuses %s', (_, change) => {
    expect(() => linearCodecsFor('test', codec(change), slots)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
