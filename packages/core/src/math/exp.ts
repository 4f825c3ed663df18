/**
 * The exponential function from + − × ÷ alone, so that every engine gives the same bits.
 *
 * x = k·ln 2 + r with |r| ≤ ½ ln 2, and e^r = 1 + r + r²·Q(r) with Q the Taylor series; 1 + r is kept exactly as a sum of
 * two numbers, so that nearly all of the error is the final rounding.
 *
 * @module
 */
import { powerOfTwo, scaleByPowerOfTwo, TINY } from './double.ts';

/** log2(e). */
const LOG2_E = 1.4426950408889634;
/** The first 42 bits of ln 2: products with exponents are exact. */
export const LN2_HIGH = 0.6931471805598903;
/** ln 2 − LN2_HIGH. */
export const LN2_LOW = 5.497923018708371e-14;

/** e^r − 1 − r for |r| ≤ 0.35: r^n/n! from n = 2 to 14. */
function beyondLinear(r: number): number {
  const z = r * r;
  const even =
    1 / 2 +
    z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * (1 / 3628800 + z * (1 / 479001600 + z * (1 / 87178291200))))));
  const odd = 1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * (1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800)))));
  return z * (even + r * odd);
}

/** e^(x + low) for |low| ≤ ulp(x): what {@link exp} and pow share. */
export function expOfSum(x: number, low: number): number {
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH;
  const rest = k * LN2_LOW - low;
  const r = high - rest;
  const tail = high - r - rest;
  const sum = 1 + r;
  return scaleByPowerOfTwo(sum + (r - (sum - 1) + (beyondLinear(r) + tail * sum)), k);
}

/** e^x. Error < 0.7 ulp, < 1.2 ulp where the result is subnormal; NaN for NaN, 0 and ∞ beyond the range. */
export function exp(x: number): number {
  return x === x ? expOfSum(x, 0) : x;
}

/** e^x − 1, accurate near 0 too. Error < 0.9 ulp; −0 for −0, −1 for −∞. */
export function expm1(x: number): number {
  if (x !== x || Math.abs(x) < TINY) return x;
  if (x > 40) return exp(x);
  if (x < -40) return -1;
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH;
  const rest = k * LN2_LOW;
  const r = high - rest;
  const tail = high - r - rest;
  if (k === 0) return r + (beyondLinear(r) + tail);
  const sum = 1 + r;
  const power = powerOfTwo(k);
  const low = power * (r - (sum - 1) + (beyondLinear(r) + tail * sum));
  const scaled = power * sum;
  const result = scaled - 1;
  // Of scaled and −1 the larger comes first, so that the error of their sum is exact.
  const lost = scaled >= 1 ? scaled - result - 1 : scaled - (result + 1);
  return result + (lost + low);
}
