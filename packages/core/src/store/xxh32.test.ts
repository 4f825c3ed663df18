import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Xxh32, xxh32 } from './xxh32.ts';

it('is XXH32 of the specification, whatever the pieces', () => {
  // https://github.com/Cyan4973/xxHash, tests/sanity_test_vectors.h: the input is made by its own generator, here up to 222 bytes.
  const PRIME32 = 2654435761n;
  const PRIME64 = 11400714785074694797n;
  let state = PRIME32;
  const input = Uint8Array.from({ length: 222 }, () => {
    const byte = Number((state >> 56n) & 255n);
    state = (state * PRIME64) % 2n ** 64n;
    return byte;
  });
  expect(xxh32(input.subarray(0, 0), 0)).toBe(0x02cc5d05);
  expect(xxh32(input.subarray(0, 0), Number(PRIME32))).toBe(0x36b78ae7);
  expect(xxh32(input.subarray(0, 1), 0)).toBe(0xcf65b03e);
  expect(xxh32(input.subarray(0, 14), 0)).toBe(0x1208e7e2);
  expect(xxh32(input, 0)).toBe(0x5bd11dbd);
  expect(xxh32(input, Number(PRIME32))).toBe(0x58803c5f);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.nat(100), { maxLength: 4 }),
      fc.nat(3),
      (bytes, cuts, shift) => {
        const room = new Uint8Array(bytes.length + shift);
        room.set(bytes, shift);
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const hash = new Xxh32(7);
        for (let i = 1; i < places.length; i++) {
          hash.update(room.subarray(shift + places[i - 1], shift + places[i]));
        }
        expect(hash.digest()).toBe(xxh32(bytes, 7));
      },
    ),
  );
});
