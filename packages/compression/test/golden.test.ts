import { describe, expect, it } from 'vitest';
import { decode } from '../src/index.ts';
import { withPlainTile } from '../src/kernels/tile.ts';
import { bitPatterns, GOLDEN_CONTEXT, goldenVectors } from './golden.ts';
import golden from './vectors/golden.json' with { type: 'json' };

describe('golden vectors', () => {
  it('are what the codecs write, with the SIMD kernels and with the plain twin', () => {
    expect(goldenVectors()).toEqual(golden.vectors);
    expect(withPlainTile(goldenVectors)).toEqual(golden.vectors);
  });

  it('decode to the values they stand beside', () => {
    const seeds = {
      sharedSeed: Buffer.from(golden.sharedSeed, 'hex'),
      clientSeed: Buffer.from(golden.clientSeed, 'hex'),
    };
    expect(seeds.sharedSeed).toEqual(Buffer.from(GOLDEN_CONTEXT.sharedSeed));
    for (const { bytes, decoded } of golden.vectors) {
      expect(bitPatterns(decode(Buffer.from(bytes, 'hex'), seeds))).toBe(decoded);
    }
  });
});
