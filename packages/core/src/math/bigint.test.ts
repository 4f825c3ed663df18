import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { bigintToNumber } from './bigint.ts';

it('rounds every integer as the language says', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 1100n), max: 1n << 1100n }), fc.nat({ max: 1100 }), (integer, shift) => {
      for (const value of [integer >> BigInt(shift), (integer >> BigInt(shift)) | 1n]) {
        expect(bigintToNumber(value)).toBe(Number(value));
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
});
