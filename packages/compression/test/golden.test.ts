import { describe, expect, it } from 'vitest';
import { decode } from '../src/index.ts';
import { withPlainTile } from '../src/kernels/tile.ts';
import { bitPatterns, fromHex, GOLDEN_CONTEXT, goldenVectors } from './golden.ts';
import golden from './vectors/golden.json' with { type: 'json' };

describe('golden vectors', () => {
  it('are what the codecs write, with the SIMD kernels and with the plain twin', () => {
    expect(goldenVectors()).toEqual(golden.vectors);
    expect(withPlainTile(goldenVectors)).toEqual(golden.vectors);
  });

  it('decode to the values they stand beside', () => {
    const seeds = {
      sharedSeed: fromHex(golden.sharedSeed),
      clientSeed: fromHex(golden.clientSeed),
    };
    expect(seeds.sharedSeed).toEqual(GOLDEN_CONTEXT.sharedSeed);
    for (const { bytes, decoded } of golden.vectors) {
      expect(bitPatterns(decode(fromHex(bytes), seeds))).toBe(decoded);
    }
  });
});
