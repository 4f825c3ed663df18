import { isFedkitError, seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
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

  it('visits ascending places, twice alike, and gives what decode gives', () => {
    const size = 20_000;
    const bytes = encode(codec, normals(size, seededRng(3)));
    const run = () => {
      const values = new Float32Array(size);
      let next = 0;
      codec.visit(
        bytes,
        {
          dense: (offset, chunk) => {
            if (offset < next) throw new Error(`${offset} after ${next - 1}`);
            values.set(chunk, offset);
            next = offset + chunk.length;
          },
          sparse: (indices, chunk) => {
            if (indices.length !== chunk.length) throw new Error('lengths differ');
            indices.forEach((index, i) => {
              if (index < next) throw new Error(`${index} after ${next - 1}`);
              values[index] = chunk[i];
              next = index + 1;
            });
          },
        },
        contextOf('conformance'),
      );
      expect(next).toBeLessThanOrEqual(size);
      return values;
    };
    expect(same(run(), decode(codec, bytes))).toBe(true);
    expect(same(run(), run())).toBe(true);
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

  it('takes empty and all-zero vectors', () => {
    expect(decode(codec, encode(codec, new Float32Array(0)), 0).length).toBe(0);
    if (codec.kind === 'sign' || codec.kind.includes('wrapped') || codec.kind.includes('commonRange')) return;
    expect(decode(codec, encode(codec, new Float32Array(100)), 100)).toEqual(new Float32Array(100));
  });

  it('refuses NaN, infinities and what is no Float32Array', () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(code(() => encode(codec, Float32Array.of(1, bad, 2)))).toBe('OUT_OF_RANGE');
    }
    expect(code(() => encode(codec, [1, 2] as unknown as Float32Array))).toBe('INVALID_ARGUMENT');
  });

  it('keeps large and small magnitudes finite', () => {
    for (const scale of [1e-30, 1e-10, 1e10, 1e29]) {
      const values = normals(100, seededRng(6)).map((value) => value * scale);
      expect(decode(codec, encode(codec, values)).every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses every truncation, a byte too many, another size, version or magic', () => {
    const bytes = encode(codec, normals(60, seededRng(7)));
    for (let length = 0; length < bytes.length; length++) {
      expect(code(() => decode(codec, bytes.subarray(0, length)))).toBe('DECODE_FAILED');
    }
    expect(code(() => decode(codec, Uint8Array.of(...bytes, 0)))).toBe('DECODE_FAILED');
    expect(code(() => decode(codec, bytes, 61))).toBe('DECODE_FAILED');
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
    for (const name of ['topK', 'stc', 'scaledSign', 'codebook', 'eden 2.5 min-mse']) {
      expect(CODECS[name].unbiased).toBe(false);
    }
  });

  // Coordinates' means over 800 encodings as z-scores; the largest of 48 beyond 5.5 happens by chance once in 5e5.
  it.each(unbiased)('%s: the mean of many encodings is the input', (name, codec) => {
    const inputs = [normals(48, seededRng(9)), Float32Array.from({ length: 48 }, (_, i) => [3, -1, 0.5][i] ?? 0)];
    for (const values of inputs) {
      const runs = 800;
      const sums = new Float64Array(values.length);
      const squares = new Float64Array(values.length);
      const rounding = contextOf(name).rng;
      for (let run = 0; run < runs; run++) {
        const seeds = rounding.fill(new Uint8Array(64));
        const context = { sharedSeed: seeds.subarray(0, 32), clientSeed: seeds.subarray(32), rng: rounding };
        const decoded = codec.decode(codec.encode(values, context), context);
        decoded.forEach((value, i) => {
          sums[i] += value - values[i];
          squares[i] += (value - values[i]) ** 2;
        });
      }
      values.forEach((value, i) => {
        const mean = sums[i] / runs;
        const deviation = Math.sqrt(Math.max(0, squares[i] / runs - mean * mean) / runs);
        expect(Math.abs(mean), `coordinate ${i}`).toBeLessThanOrEqual(5.5 * deviation + 1e-6 * Math.abs(value));
      });
    }
  });
});
