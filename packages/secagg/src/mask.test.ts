// Research group 9.
import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { nodeProvider } from './crypto/node.ts';
import { plainProvider } from './crypto/plain.ts';
import type { MaskSuite } from './crypto/provider.ts';
import { type KeyContext, type MaskedVector, type Party, extractKey } from './key-derivation.ts';
import { type MaskLayout, addPairMask, addSelfMask } from './mask.ts';
import { VectorSum } from './sum/vector-sum.ts';

const party = (index: number): Party => ({
  index,
  id: Uint8Array.of(97 + index),
  publicKey: new Uint8Array(32).fill(index),
});
const [u, v] = [party(0), party(1)];
const context: KeyContext = { session: new Uint8Array(16).fill(4), round: 7, transcript: new Uint8Array(32).fill(6) };
const seed = seededRng('mask').fill(new Uint8Array(32));

function layoutOf(
  change: { suite?: MaskSuite; vector?: Partial<MaskedVector>; context?: Partial<KeyContext> } = {},
): MaskLayout {
  return {
    suite: change.suite ?? 'aes-128-ctr',
    vectors: [{ name: 'v', length: 64, bits: 32, ...change.vector }],
    context: { ...context, ...change.context },
  };
}

async function selfMask(secret: Uint8Array, layout = layoutOf(), who = u): Promise<number[]> {
  const sum = new VectorSum(layout.vectors);
  await addSelfMask(plainProvider, layout, sum, extractKey(plainProvider, layout.context, secret), who, 1);
  return Array.from(sum.centered(0));
}

async function pairMask(layout: MaskLayout, self: Party, peer: Party): Promise<number[]> {
  const sum = new VectorSum(layout.vectors);
  await addPairMask(plainProvider, layout, sum, extractKey(plainProvider, layout.context, seed), self, peer, 1);
  return Array.from(sum.centered(0));
}

function unrelated(a: readonly number[], b: readonly number[]): void {
  // Two unrelated streams of 64 words agree anywhere with probability 64/2^32.
  expect(a.filter((word, i) => word === b[i])).toEqual([]);
}

describe('a mask', () => {
  it('is the same from every provider', async () => {
    for (const suite of ['aes-128-ctr', 'chacha20'] as const) {
      const layout = layoutOf({ suite });
      const sum = new VectorSum(layout.vectors);
      const native = nodeProvider();
      if (native === undefined) throw new Error('no node:crypto');
      await addSelfMask(native, layout, sum, extractKey(native, layout.context, seed), u, 1);
      expect(Array.from(sum.centered(0))).toEqual(await selfMask(seed, layout));
    }
  });

  it('stays what it is', async () => {
    expect((await selfMask(seed)).slice(0, 4)).toMatchInlineSnapshot(`
      [
        -1003571178,
        -2129440506,
        -271693464,
        2095495886,
      ]
    `);
    expect((await selfMask(seed, layoutOf({ suite: 'chacha20' }))).slice(0, 4)).toMatchInlineSnapshot(`
      [
        -763089572,
        1171869875,
        1310619303,
        -384923922,
      ]
    `);
    expect((await pairMask(layoutOf({ vector: { bits: 52 } }), u, v)).slice(0, 4)).toMatchInlineSnapshot(`
      [
        2061882355732435,
        651239303975579,
        18795362271393,
        -67972212951220,
      ]
    `);
  });

  it('takes all 256 bits of its seed: one bit changes everything', async () => {
    const mask = await selfMask(seed);
    for (const bit of [0, 1, 31, 32, 63, 64, 127, 128, 200, 255]) {
      const other = seed.slice();
      other[bit >> 3] ^= 1 << (bit & 7);
      unrelated(mask, await selfMask(other));
    }
  });

  it('is not a function of the folded seed: permuted words give another stream', async () => {
    const words = new Uint32Array(seed.slice().buffer);
    const permuted = new Uint8Array(Uint32Array.from(words).reverse().buffer);
    unrelated(await selfMask(seed), await selfMask(permuted));
    const rotated = new Uint8Array(Uint32Array.from([...words.slice(1), words[0]]).buffer);
    unrelated(await selfMask(seed), await selfMask(rotated));
  });

  it.each<[string, MaskLayout]>([
    ['round', layoutOf({ context: { round: 8 } })],
    ['session', layoutOf({ context: { session: new Uint8Array(16) } })],
    ['transcript', layoutOf({ context: { transcript: new Uint8Array(32) } })],
    ['vector name', layoutOf({ vector: { name: 'w' } })],
    ['suite', layoutOf({ suite: 'chacha20' })],
  ])('of another %s is another', async (_, other) => {
    unrelated(await selfMask(seed), await selfMask(seed, other));
    unrelated(await pairMask(layoutOf(), u, v), await pairMask(other, u, v));
  });

  it('of another width, length, party or purpose is another', async () => {
    const low = (words: number[]): number[] => words.map((word) => word & 0xffff);
    const narrow = await selfMask(seed, layoutOf({ vector: { bits: 31 } }));
    expect(low(await selfMask(seed)).filter((word, i) => word === low(narrow)[i]).length).toBeLessThan(4);
    unrelated((await selfMask(seed)).slice(0, 63), await selfMask(seed, layoutOf({ vector: { length: 63 } })));
    unrelated(await selfMask(seed), await selfMask(seed, layoutOf(), v));
    unrelated(await selfMask(seed), await pairMask(layoutOf(), v, u));
    unrelated(await pairMask(layoutOf(), u, v), await pairMask(layoutOf(), u, party(2)));
  });

  it('cancels between the two of a pair in every width', async () => {
    for (let bits = 2; bits <= 52; bits++) {
      const layout = layoutOf({ vector: { bits } });
      const sum = new VectorSum(layout.vectors);
      const extracted = extractKey(plainProvider, context, seed);
      await addPairMask(plainProvider, layout, sum, extracted, u, v, 1);
      expect(Array.from(sum.centered(0)).some((word) => word !== 0)).toBe(true);
      await addPairMask(plainProvider, layout, sum, extracted, v, u, 1);
      expect(Array.from(sum.centered(0)).every((word) => word === 0)).toBe(true);
    }
  });

  it.each([2, 3, 5])('is uniform over a ring of %s bits, R − 1 included', async (bits) => {
    const length = 1 << 16;
    const mask = await selfMask(seed, layoutOf({ vector: { bits, length } }));
    const cells = 2 ** bits;
    const counts = new Float64Array(cells);
    for (const value of mask) counts[(value + cells) % cells]++;
    const chi = counts.reduce((sum, count) => sum + (count - length / cells) ** 2 / (length / cells), 0);
    // Beyond 83 with probability 1e-6 for 31 degrees of freedom, less for fewer.
    expect(chi).toBeLessThan(83);
    expect(counts[cells - 1]).toBeGreaterThan(0);
  });
});
