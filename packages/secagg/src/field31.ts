/**
 * Arithmetic modulo the Mersenne prime p = 2^31 − 1 in float64, exact because every intermediate stays below 2^53.
 *
 * Reduction folds the bits above 2^31 back onto the low ones, 2^31 ≡ 1, so nothing here divides or branches on a secret
 * beyond one final comparison.
 *
 * @module
 */

/** p = 2^31 − 1. */
export const PRIME = 2147483647;
const TWO_31 = 2147483648;
const INVERSE_TWO_31 = 1 / TWO_31;

/** `value` mod p for an integer 0 ≤ value < 2^53. */
export function reduce(value: number): number {
  const high = Math.floor(value * INVERSE_TWO_31);
  const folded = value - high * TWO_31 + high;
  return folded >= PRIME ? folded - PRIME : folded;
}

/** a · b mod p for a, b in [0, p). */
export function multiply(a: number, b: number): number {
  const high = reduce(a * (b >>> 16));
  return reduce(high * 65536 + a * (b & 0xffff));
}

/** a − b mod p for a, b in [0, p). */
export function subtract(a: number, b: number): number {
  return a >= b ? a - b : a - b + PRIME;
}

/** The inverse of a in [1, p), as a^(p−2). */
export function invert(a: number): number {
  let result = 1;
  let power = a;
  // p − 2 = 2^31 − 3: every bit set except bit 1.
  for (let bit = 0; bit < 31; bit++) {
    if (bit !== 1) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
}
