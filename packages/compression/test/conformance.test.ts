import { isFedkitError, seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { checkLaws, codecLaws } from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { decode as decodeAny } from '../src/index.ts';
import { withPlainTile } from '../src/kernels/tile.ts';
import { CODECS, contextOf, normals, same } from './support.ts';

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isFedkitError(error)) return error.code;
    throw error;
  }
  return 'none';
};

const decode = (codec: Codec, bytes: Uint8Array, size?: number) =>
  codec.decode(bytes, { ...contextOf('conformance'), ...(size === undefined ? {} : { expectedSize: size }) });
const encode = (codec: Codec, values: Float32Array) => codec.encode(values, contextOf('conformance'));

// Sizes around the tiles' and groups' edges.
const SIZES = [1, 2, 3, 15, 16, 17, 63, 64, 65, 100, 257, 1000, 4097];

describe.each(Object.entries(CODECS))('%s', (_, codec) => {
  checkLaws(
    it,
    codecLaws({
      draws: 300,
      codec,
      context: (rng) => ({ ...contextOf('laws'), rng, clientSeed: rng.fill(new Uint8Array(32)) }),
    }),
  );

  it.each(SIZES)('decodes what it encoded, %i values, with its own decoder and the general one', (size) => {
    const values = normals(size, seededRng(size));
    const before = values.slice();
    const bytes = encode(codec, values);
    expect(values).toEqual(before);
    const decoded = decode(codec, bytes, size);
    expect(decoded.length).toBe(size);
    expect(decoded.every(Number.isFinite)).toBe(true);
    expect(same(decodeAny(bytes, { ...contextOf('conformance'), expectedSize: size }), decoded)).toBe(true);
  });

  it('gives the same bytes for the same stream, with the SIMD kernels and with the plain twin', () => {
    for (const size of [40, 1000, 18_000]) {
      const values = normals(size, seededRng(size));
      const bytes = encode(codec, values);
      expect(same(encode(codec, values), bytes)).toBe(true);
      expect(
        same(
          withPlainTile(() => encode(codec, values)),
          bytes,
        ),
      ).toBe(true);
      expect(
        same(
          withPlainTile(() => decode(codec, bytes)),
          decode(codec, bytes),
        ),
      ).toBe(true);
    }
  });

  it('survives a sink that encodes with another codec while it is fed', () => {
    const bytes = encode(codec, normals(3000, seededRng(4)));
    const values = new Float32Array(3000);
    const disturb = () => void CODECS['eden 4'].encode(normals(100, seededRng(5)), contextOf('other'));
    codec.visit(
      bytes,
      {
        dense: (offset, chunk) => {
          disturb();
          values.set(chunk, offset);
        },
        sparse: (indices, chunk) => {
          disturb();
          indices.forEach((index, i) => (values[index] = chunk[i]));
        },
      },
      contextOf('conformance'),
    );
    expect(same(values, decode(codec, bytes))).toBe(true);
  });

  it('takes empty vectors, and gives zeros for zeros', () => {
    expect(decode(codec, encode(codec, new Float32Array(0)), 0).length).toBe(0);
    if (codec.kind === 'sign' || codec.kind.includes('wrapped') || codec.kind.includes('commonRange')) return;
    expect(decode(codec, encode(codec, new Float32Array(100)), 100)).toEqual(new Float32Array(100));
  });

  it('keeps large and small magnitudes finite', () => {
    for (const scale of [1e-30, 1e-10, 1e10, 1e29]) {
      const values = normals(100, seededRng(6)).map((value) => value * scale);
      expect(decode(codec, encode(codec, values)).every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses another version or magic', () => {
    const bytes = encode(codec, normals(60, seededRng(7)));
    for (const at of [0, 1]) {
      const other = bytes.slice();
      other[at]++;
      expect(code(() => decode(codec, other))).toBe('DECODE_FAILED');
    }
  });

  it('refuses the bytes of other kinds', () => {
    for (const other of Object.values(CODECS)) {
      if (other.kind === codec.kind) continue;
      expect(code(() => decode(codec, encode(other, normals(20, seededRng(8)))))).toBe('DECODE_FAILED');
    }
  });
});

describe('unbiased codecs', () => {
  const unbiased = Object.entries(CODECS).filter(([, codec]) => codec.unbiased);

  it('are those that should be', () => {
    expect(unbiased.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'uniform 8',
        'qsgd',
        'ternary',
        'natural',
        'dithered',
        'eden 4',
        'randomK',
        'rotated wrapped',
      ]),
    );
    for (const name of ['topK', 'stc', 'scaledSign', 'signSgd', 'codebook', 'eden 2.5 min-mse']) {
      expect(CODECS[name].unbiased).toBe(false);
    }
  });
});
