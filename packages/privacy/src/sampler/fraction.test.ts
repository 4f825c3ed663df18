import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/samplers.json' with { type: 'json' };
import { expNegative, toFraction } from './fraction.ts';

describe('toFraction', () => {
  it('is the double, exactly', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (value) => {
        const { numerator, denominator } = toFraction(value);
        let shift = 0;
        while (1n << BigInt(shift) < denominator) shift++;
        expect(1n << BigInt(shift)).toBe(denominator);
        // Both operands are exact: the numerator has at most 53 significant bits.
        expect(
          shift <= 1000 ? Number(numerator) * 2 ** -shift : Number(numerator) * 2 ** -1000 * 2 ** (1000 - shift),
        ).toBe(value);
      }),
    );
  });
});

describe('expNegative', () => {
  it.each(vectors.exp)(
    'encloses e^-($numerator/$denominator) at $bits bits',
    ({ numerator, denominator, bits, value }) => {
      const { lower, upper } = expNegative(BigInt(numerator), BigInt(denominator), bits);
      const floor = BigInt(value);
      // The floor of the true value: true value in [floor, floor + 1).
      expect(lower <= floor).toBe(true);
      expect(upper > floor).toBe(true);
      expect(upper - lower <= 2n).toBe(true);
    },
  );

  it('nests as precision grows, and never widens', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 12n),
        fc.bigInt(1n, 10n ** 10n),
        fc.integer({ min: 32, max: 200 }),
        (n, d, bits) => {
          const coarse = expNegative(n, d, bits);
          const fine = expNegative(n, d, bits + 64);
          expect(coarse.upper - coarse.lower <= 2n).toBe(true);
          expect(fine.upper > coarse.lower << 64n && fine.lower < coarse.upper << 64n).toBe(true);
        },
      ),
    );
  });
});
