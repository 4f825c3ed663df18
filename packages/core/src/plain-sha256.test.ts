import { sha256 as noble } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { toHex } from './hex.ts';
import { PlainSha256, plainSha256 } from './plain-sha256.ts';
import { utf8Encode } from './utf8.ts';

it('gives the digests of the standard', () => {
  // NIST, SHA-256 example vectors: nothing, one block, two blocks, and a million times "a".
  const digests = {
    '': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ['a'.repeat(1_000_000)]: 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
  };
  for (const [text, digest] of Object.entries(digests)) expect(toHex(plainSha256(utf8Encode(text)))).toBe(digest);
});

it('is that of another implementation at every length around its blocks', () => {
  for (let length = 0; length <= 260; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 37 + length);
    expect(plainSha256(bytes)).toEqual(noble(bytes));
  }
});

it('is that of the whole, however it comes and wherever it lies', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), fc.nat(9), (pieces, offset) => {
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      const hash = new PlainSha256();
      for (const piece of pieces) {
        const around = new Uint8Array(piece.length + 2 * offset);
        around.set(piece, offset);
        expect(hash.update(around.subarray(offset, offset + piece.length))).toBe(hash);
      }
      expect(hash.digest()).toEqual(noble(whole));
    }),
    { numRuns: 200 },
  );
});
