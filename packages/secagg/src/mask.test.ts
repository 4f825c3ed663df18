// Research group 9.
import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { nodeProvider } from './crypto/node.ts';
import { plainProvider } from './crypto/plain.ts';
import { webProvider } from './crypto/web.ts';
import type { MaskSuite } from './crypto/provider.ts';
import { type KeyContext, type MaskedVector, type Party, extractKey } from './key-derivation.ts';
import {
  type MaskLayout,
  type Pair,
  addMasks,
  addPairMasks,
  pairMask as maskOfPair,
  selfMask as ownMask,
} from './mask.ts';
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
  await addMasks(plainProvider, layout, sum, [ownMask(extractKey(plainProvider, layout.context, secret), who, 1)]);
  return Array.from(sum.centered(0));
}

async function pairMask(layout: MaskLayout, self: Party, peer: Party): Promise<number[]> {
  const sum = new VectorSum(layout.vectors);
  const extracted = extractKey(plainProvider, layout.context, seed);
  await addMasks(plainProvider, layout, sum, [maskOfPair(extracted, self, peer, 1)]);
  return Array.from(sum.centered(0));
}

function unrelated(a: readonly number[], b: readonly number[]): void {
  // Two unrelated streams of 64 words agree anywhere with probability 64/2^32.
  expect(a.filter((word, i) => word === b[i])).toEqual([]);
}

describe('a mask', () => {
  it('is the same from every provider', async () => {
    // In a page there is WebCrypto alone.
    const natives = [nodeProvider(), webProvider()].filter((provider) => provider !== undefined);
    expect(natives.length).toBeGreaterThan(0);
    for (const native of natives) {
      for (const suite of ['aes-128-ctr', 'chacha20'] as const) {
        const layout = layoutOf({ suite });
        const sum = new VectorSum(layout.vectors);
        await addMasks(native, layout, sum, [ownMask(extractKey(native, layout.context, seed), u, 1)]);
        expect(Array.from(sum.centered(0))).toEqual(await selfMask(seed, layout));
      }
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
      await addMasks(plainProvider, layout, sum, [maskOfPair(extracted.slice(), u, v, 1)]);
      expect(Array.from(sum.centered(0)).some((word) => word !== 0)).toBe(true);
      await addMasks(plainProvider, layout, sum, [maskOfPair(extracted.slice(), v, u, 1)]);
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

describe('masks of many pairs', () => {
  // More than a batch, with names on both sides of it, and entries that end within a block of the cipher.
  const middle = party(33);
  const pairs = Array.from({ length: 67 }, (_, i) => party(i)).filter(({ index }) => index !== middle.index);
  const layout: MaskLayout = {
    suite: 'aes-128-ctr',
    vectors: [
      { name: 'v', length: 1003, bits: 26 },
      { name: 'w', length: 41, bits: 40 },
    ],
    context,
  };
  const secret = seededRng('many').fill(new Uint8Array(32));
  const withKeys = async (): Promise<Pair[]> => {
    const ends: Pair[] = [];
    for (const end of pairs) {
      const { publicKey } = await plainProvider.agreement(seededRng(end.index).fill(new Uint8Array(32)));
      ends.push([middle, { ...end, publicKey }]);
    }
    return ends;
  };

  it('are those of each pair, one after the other, on every engine and either memory', async () => {
    const ends = await withKeys();
    const agreement = await plainProvider.agreement(secret);
    const wanted = new VectorSum(layout.vectors, 'plain');
    for (const [self, peer] of ends) {
      const extracted = extractKey(plainProvider, context, await agreement.agree(peer.publicKey));
      await addMasks(plainProvider, layout, wanted, [maskOfPair(extracted, self, peer, 1)]);
    }
    for (const provider of [plainProvider, nodeProvider(), webProvider()]) {
      if (provider === undefined) continue;
      for (const kind of ['simd', 'plain'] as const) {
        const sum = new VectorSum(layout.vectors, kind);
        await addPairMasks(provider, layout, sum, await provider.agreement(secret), ends, 'peer', 1);
        expect(sum.save()).toEqual(wanted.save());
        // Seen from the other end of each pair they are what takes them out.
        const back = ends.map(([self, peer]): Pair => [peer, self]);
        await addPairMasks(provider, layout, sum, await provider.agreement(secret), back, 'self', 1);
        expect(sum.save().every((byte) => byte === 0)).toBe(true);
      }
    }
  });
});
