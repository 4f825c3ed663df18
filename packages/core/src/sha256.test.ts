import { sha256 as plain } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from './sha256.ts';

it('is SHA-256 of any bytes, wherever they lie', () => {
  // NIST, SHA-256 example vectors: "abc", and a million times "a".
  expect(bytesToHex(sha256(Uint8Array.of(0x61, 0x62, 0x63)))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(bytesToHex(sha256(new Uint8Array(1_000_000).fill(0x61)))).toBe(
    'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1500 }), fc.nat(9), (length, offset) => {
      const bytes = Uint8Array.from({ length: length + offset }, (_, i) => i * 31).subarray(offset);
      expect(sha256(bytes)).toEqual(plain(bytes));
    }),
    { numRuns: 50 },
  );
});
