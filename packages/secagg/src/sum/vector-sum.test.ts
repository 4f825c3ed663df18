import { seededRng } from '@fedkit/core';
import { sameBytes } from '@fedkit/core/extend';
import { describe, expect, it } from 'vitest';
import { releaseMemory, wordMemory } from '../kernels/words.ts';
import { packWords } from './pack.ts';
import { CHUNK_BYTES, VectorSum } from './vector-sum.ts';
import { turn } from '@fedkit/core/internal';

describe('the kernels', () => {
  it.each(['add32', 'subtract32', 'add64', 'subtract64'] as const)('%s as their plain twin, at every tail', (name) => {
    const simd = wordMemory(8192);
    const plain = wordMemory(8192, 'plain');
    expect([simd.kind, plain.kind]).toEqual(['simd', 'plain']);
    const rng = seededRng(name);
    for (const count of [0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 64, 100, 255]) {
      const words = Uint32Array.from({ length: 2048 }, () => (rng.below(4) === 0 ? 0xffffffff : rng.uint32()));
      simd.words.set(words);
      plain.words.set(words);
      simd[name](4096, 16, count);
      plain[name](4096, 16, count);
      expect(plain.words.subarray(0, 2048)).toEqual(simd.words.subarray(0, 2048));
      const width = name.endsWith('64') ? 2 : 1;
      expect(simd.words.subarray(0, 1024)).toEqual(words.subarray(0, 1024));
      expect(simd.words.subarray(1024 + width * count, 2048)).toEqual(words.subarray(1024 + width * count));
    }
  });
});

describe('the kernels of two sources', () => {
  it.each(['addTwo32', 'subtractTwo32'] as const)('%s as one after the other, at every tail', (name) => {
    const one = name === 'addTwo32' ? 'add32' : 'subtract32';
    const rng = seededRng(name);
    const memories = [wordMemory(8192), wordMemory(8192, 'plain')];
    for (const count of [0, 1, 2, 3, 15, 16, 17, 31, 64, 100, 255]) {
      const words = Uint32Array.from({ length: 2048 }, () => (rng.below(4) === 0 ? 0xffffffff : rng.uint32()));
      const wanted = wordMemory(8192);
      wanted.words.set(words);
      wanted[one](6144, 16, count);
      wanted[one](6144, 2064, count);
      for (const memory of memories) {
        memory.words.set(words);
        memory[name](6144, 16, 2064, count);
        expect(memory.words.subarray(0, 2048)).toEqual(wanted.words.subarray(0, 2048));
      }
    }
  });
});

describe('the unpacking kernels', () => {
  it.each(Array.from({ length: 51 }, (_, i) => i + 2))('add values of %s bits as their plain twin does', (bits) => {
    const rng = seededRng(bits);
    const simd = wordMemory(8192);
    const plain = wordMemory(8192, 'plain');
    for (const count of [1, 2, 7, 100, 255]) {
      const words = Uint32Array.from({ length: 2048 }, () => (rng.below(4) === 0 ? 0xffffffff : rng.uint32()));
      simd.words.set(words);
      plain.words.set(words);
      for (const memory of [simd, plain]) {
        if (bits > 32) memory.addPacked64(4096, 0, count, bits);
        else memory.addPacked32(4096, 0, count, bits);
      }
      expect(plain.words.subarray(0, 2048)).toEqual(simd.words.subarray(0, 2048));
      expect(simd.words.subarray(0, 1024)).toEqual(words.subarray(0, 1024));
    }
  });
});

describe('the packing kernels', () => {
  it.each(Array.from({ length: 51 }, (_, i) => i + 2))('pack %s bits as packWords does', (bits) => {
    const rng = seededRng(bits);
    const simd = wordMemory(8192);
    const plain = wordMemory(8192, 'plain');
    for (const count of [1, 2, 7, 8, 32, 100, 255]) {
      const words = Uint32Array.from({ length: 2048 }, () => (rng.below(4) === 0 ? 0xffffffff : rng.uint32()));
      const packed = packWords(words.subarray(1024), count, bits);
      for (const memory of [simd, plain]) {
        memory.words.set(words);
        if (bits > 32) memory.pack64(0, 4096, count, bits);
        else memory.pack32(0, 4096, count, bits);
        const got = memory.bytes.slice(0, 8192);
        expect(sameBytes(got.subarray(0, packed.length), packed)).toBe(true);
        // Nothing changes beyond the word that the last value ends in.
        const end = Math.ceil(packed.length / 4) * 4;
        expect(sameBytes(got.subarray(end), new Uint8Array(words.slice().buffer).subarray(end))).toBe(true);
      }
    }
  });
});

describe('wordMemory', () => {
  it.each(['simd', 'plain'] as const)('gives a released memory out again, zeroed and once: %s', (kind) => {
    const first = wordMemory(4096, kind);
    first.words.fill(7);
    releaseMemory(first, 4096);
    expect(wordMemory(8192, kind)).not.toBe(first);
    expect(wordMemory(4096, kind === 'simd' ? 'plain' : 'simd')).not.toBe(first);
    const second = wordMemory(4096, kind);
    expect(second).toBe(first);
    expect(second.words.every((word) => word === 0)).toBe(true);
    expect(wordMemory(4096, kind)).not.toBe(first);
  });
});

describe.each(['simd', 'plain'] as const)('VectorSum, %s', (kind) => {
  const layout = [
    { name: 'narrow', length: 5, bits: 2 },
    { name: 'word', length: CHUNK_BYTES / 4 + 3, bits: 32 },
    { name: 'wide', length: CHUNK_BYTES / 8 + 5, bits: 52 },
    { name: 'just wide', length: 4, bits: 33 },
  ];

  it('sums packed uploads as BigInt does', () => {
    const rng = seededRng('uploads');
    const sum = new VectorSum(layout, kind);
    const totals = layout.map(({ length }) => Array.from({ length }, () => 0n));
    for (let upload = 0; upload < 3; upload++) {
      layout.forEach(({ length, bits }, i) => {
        const wide = bits > 32;
        const words = Uint32Array.from({ length: wide ? 2 * length : length }, () => rng.uint32());
        const packed = packWords(words, length, bits);
        sum.addPacked(i, packed);
        for (let j = 0; j < length; j++) {
          const value = wide ? (BigInt(words[2 * j + 1]) << 32n) + BigInt(words[2 * j]) : BigInt(words[j]);
          totals[i][j] += value;
        }
      });
    }
    layout.forEach(({ bits }, i) => {
      const wanted = totals[i].map((total) => Number(BigInt.asIntN(bits, total)));
      expect(Array.from(sum.centered(i))).toEqual(wanted);
    });
  });

  it('adds signed, weighted values exactly at both ends of the ring', () => {
    const sum = new VectorSum(layout, kind);
    sum.addValues(0, Int32Array.of(1, -1, -2, 0, 1), 1);
    expect(Array.from(sum.centered(0))).toEqual([1, -1, -2, 0, 1]);
    sum.addValues(3, BigInt64Array.of(2n ** 32n - 1n, -(2n ** 32n), -1n, 0n), 1);
    sum.addValues(3, Int32Array.of(0, 0, -5, 7), 1000);
    expect(Array.from(sum.centered(3))).toEqual([2 ** 32 - 1, -(2 ** 32), -5001, 7000]);
    const extreme = new BigInt64Array(layout[2].length).fill(-(2n ** 51n));
    sum.addValues(2, extreme, 1);
    expect(sum.centered(2).every((value) => value === -(2 ** 51))).toBe(true);
  });

  it('packs every vector as packWords does', () => {
    const rng = seededRng('pack');
    const sum = new VectorSum(layout, kind);
    layout.forEach(({ length, bits }, i) => {
      const words = Uint32Array.from({ length: bits > 32 ? 2 * length : length }, () => rng.uint32());
      const packed = packWords(words, length, bits);
      sum.addPacked(i, packed);
      const into = new Uint8Array(packed.length + 2).fill(9);
      sum.pack(i, into.subarray(1, packed.length + 1));
      expect(sameBytes(into.subarray(1, packed.length + 1), packed)).toBe(true);
      expect([into[0], into[packed.length + 1]]).toEqual([9, 9]);
    });
  });

  it('hands every piece of keystream back', async () => {
    const sum = new VectorSum(layout, kind);
    const rng = seededRng('pieces');
    const given: Uint8Array[] = [];
    const back: Uint8Array[] = [];
    const keystream = (bytes: number) => {
      given.push(rng.fill(new Uint8Array(bytes)));
      return given[given.length - 1];
    };
    await sum.addMasks(1, [{ keystream, sign: 1 }], (piece) => back.push(piece));
    expect(back.length).toBe(2);
    expect(back).toEqual(given);
  });

  it.each([[1], [1, 1], [1, -1], [-1, -1, 1], [1, -1, 1, -1, -1], [-1, 1, 1, 1, -1, -1]] as const)(
    'adds masks of signs %j by twos as one by one, at once or as they come',
    async (...signs) => {
      const stream = (seed: number, later: boolean) => {
        const rng = seededRng(seed);
        return (bytes: number) => {
          const piece = rng.fill(new Uint8Array(bytes));
          return later ? turn().then(() => piece) : piece;
        };
      };
      for (const i of layout.keys()) {
        const [single, ...together] = Array.from({ length: 4 }, () => new VectorSum(layout, kind));
        for (const [seed, sign] of signs.entries()) {
          await single.addMasks(i, [{ keystream: stream(seed, false), sign }]);
        }
        const laters: ((seed: number) => boolean)[] = [() => false, () => true, (seed) => seed % 2 === 0];
        for (const [k, later] of laters.entries()) {
          const masks = signs.map((sign, seed) => ({ keystream: stream(seed, later(seed)), sign }));
          await together[k].addMasks(i, masks);
          expect(sameBytes(together[k].save(), single.save())).toBe(true);
        }
      }
    },
  );

  it('takes out what it added: masks cancel for every width', async () => {
    for (let bits = 2; bits <= 52; bits++) {
      const sum = new VectorSum([{ name: 'v', length: 70, bits }], kind);
      sum.addValues(
        0,
        Int32Array.from({ length: 70 }, (_, i) => (i % 3) - 1),
        1,
      );
      const before = Array.from(sum.centered(0));
      const mask = (seed: number) => {
        const rng = seededRng(seed);
        return (bytes: number) => rng.fill(new Uint8Array(bytes));
      };
      await sum.addMasks(0, [{ keystream: mask(1), sign: 1 }]);
      expect(Array.from(sum.centered(0))).not.toEqual(before);
      await sum.addMasks(0, [{ keystream: async (bytes) => mask(2)(bytes), sign: -1 }]);
      await sum.addMasks(0, [
        { keystream: mask(2), sign: 1 },
        { keystream: mask(1), sign: -1 },
      ]);
      expect(Array.from(sum.centered(0))).toEqual(before);
    }
  });

  it('is restored from its words, and erased', () => {
    const sum = new VectorSum(layout, kind);
    sum.addValues(1, new Int32Array(layout[1].length).fill(-7), 1);
    sum.addValues(2, new Int32Array(layout[2].length).fill(-9), 1);
    const other = new VectorSum(layout, kind);
    other.addSaved(sum.save());
    other.addSaved(sum.save());
    expect(other.centered(1).every((value) => value === -14)).toBe(true);
    expect(other.centered(2).every((value) => value === -18)).toBe(true);
    expect(() => other.addSaved(new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    other.erase();
    expect(other.save().every((byte) => byte === 0)).toBe(true);
  });
});
