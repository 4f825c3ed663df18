import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlainSha256 } from './plain-sha256.ts';
import { sha256 } from './sha256.ts';
import { sha256Stream } from './sha256-stream.ts';

it('is SHA-256 of the pieces, by the engine and without', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }), (pieces) => {
      const expected = sha256(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
      for (const hash of [sha256Stream(), sha256Stream(() => new PlainSha256())]) {
        for (const piece of pieces) hash.update(piece);
        expect(hash.digest()).toEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});
