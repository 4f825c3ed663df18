import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLaws, storeLaws } from '../conformance/index.ts';
import { seededRng } from '../random.ts';
import { utf8Encode } from '../utf8.ts';
import { checkedBytes, checkedStore, withChecksum } from './checked-store.ts';
import { memoryStore } from './memory-store.ts';
import { xxh32 } from './xxh32.ts';

describe('xxh32', () => {
  // Of the reference implementation's documentation.
  it.each([
    ['', 0, 0x02cc5d05],
    ['a', 0, 0x550d7456],
    ['abc', 0, 0x32d153ff],
  ])('of %j', (text, seed, expected) => expect(xxh32(utf8Encode(text), seed)).toBe(expected));

  it('is the same wherever the bytes lie', () => {
    const bytes = seededRng(1).fill(new Uint8Array(1003));
    const moved = new Uint8Array(1010);
    for (const length of [3, 15, 16, 17, 64, 1003]) {
      for (const at of [1, 2, 3, 4]) {
        moved.set(bytes.subarray(0, length), at);
        expect(xxh32(moved.subarray(at, at + length), 7)).toBe(xxh32(bytes.slice(0, length), 7));
      }
    }
  });
});

describe('a store with checksums', () => checkLaws(it, storeLaws({ create: () => checkedStore(memoryStore()) })));

describe('a checksum', () => {
  const refused = expect.objectContaining({ code: 'DECODE_FAILED', message: expect.stringContaining('round/a') });

  it('finds every flipped bit, and names the key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, at) => {
        const stored = withChecksum('round/a', bytes);
        expect(checkedBytes('round/a', stored)).toEqual(bytes);
        stored[(at >>> 3) % stored.length] ^= 1 << (at & 7);
        expect(() => checkedBytes('round/a', stored)).toThrow(refused);
      }),
      { numRuns: 500 },
    );
  });

  it('finds what was cut, extended, exchanged, or never had one', () => {
    const stored = withChecksum('round/a', Uint8Array.of(1, 2, 3));
    for (const bad of [
      stored.subarray(1),
      stored.subarray(0, 14),
      Uint8Array.of(...stored, 0),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(0),
      new Uint8Array(64),
      withChecksum('round/b', Uint8Array.of(1, 2, 3)),
    ]) {
      expect(() => checkedBytes('round/a', bad)).toThrow(refused);
    }
  });
});
