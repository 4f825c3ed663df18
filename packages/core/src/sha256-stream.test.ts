import { sha256 as noble } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from './sha256.ts';
import { sha256Stream } from './sha256-stream.ts';

it('is SHA-256 of the pieces, by the engine and without', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }), (pieces) => {
      const expected = sha256(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
      for (const hash of [sha256Stream(), sha256Stream(() => noble.create())]) {
        for (const piece of pieces) hash.update(piece);
        expect(hash.digest()).toEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});
