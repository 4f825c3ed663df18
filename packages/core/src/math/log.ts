/**
 * Logarithms from + − × ÷ alone, so that every engine gives the same bits.
 *
 * x = 2^k·m with m in [√½, √2), and ln m = 2 artanh(s) = 2s + s³·T(s²) for s = (m − 1)/(m + 1). The rounding error of s
 * is computed and carried along, so that nearly all of the error is the final rounding.
 *
 * @module
 */
import { binaryExponent, powerOfTwo, productError, TINY } from './double.ts';
import { LN2_HIGH, LN2_LOW } from './exp.ts';

const SQRT2 = 1.4142135623730951;
/** log2(e) in two parts. */
const LOG2_E_HIGH = 1.4426950408889634;
const LOG2_E_LOW = 2.0355273740931033e-17;

/** x / 2^k, exactly, for the k of {@link binaryExponent}. */
export function mantissa(x: number, k: number): number {
  if (k > -1000 && k < 1000) return x * powerOfTwo(-k);
  const half = k >> 1;
  return x * powerOfTwo(-half) * powerOfTwo(half - k);
}

/** s − (the rounded) s for s = f/(2 + f). */
export function quotientError(f: number, s: number): number {
  const divisor = 2 + f;
  const lost = f - (divisor - 2);
  const product = s * divisor;
  return (f - product - productError(s, divisor, product) - s * lost) / divisor;
}

/** ln(1 + f) − 2s, T of 2/(2n + 3) from n = 0 to 10, for f in [√½ − 1, √2 − 1) and s = f/(2 + f) rounded. */
function beyondLinear(f: number, s: number): number {
  const z = s * s;
  const w = z * z;
  const even = 2 / 3 + w * (2 / 7 + w * (2 / 11 + w * (2 / 15 + w * (2 / 19 + w * (2 / 23)))));
  const odd = 2 / 5 + w * (2 / 9 + w * (2 / 13 + w * (2 / 17 + w * (2 / 21))));
  return 2 * quotientError(f, s) + s * z * (even + z * odd);
}

/** k·ln 2 + ln(1 + f) + low. */
function combine(k: number, f: number, low: number): number {
  const s = f / (2 + f);
  const rest = beyondLinear(f, s) + low;
  if (k === 0) return 2 * s + rest;
  const major = k * LN2_HIGH;
  const high = major + 2 * s;
  return high + (major - high + 2 * s + (rest + k * LN2_LOW));
}

/** The value of a logarithm where it is not a finite number: NaN below 0, −∞ at 0, ∞ at ∞. */
function special(x: number): number {
  return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
}

/** ln x. Error < 0.6 ulp; NaN for x < 0, −∞ for ±0. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return special(x);
  const k = binaryExponent(x);
  return combine(k, mantissa(x, k) - 1, 0);
}

/** ln(1 + x), accurate near 0 too. Error < 0.6 ulp; −0 for −0, −∞ for −1, NaN below. */
export function log1p(x: number): number {
  if (Math.abs(x) < TINY) return x;
  if (x > SQRT2 / 2 - 1 && x < SQRT2 - 1) return combine(0, x, 0);
  const sum = 1 + x;
  if (!(sum > 0 && sum < Infinity)) return special(sum);
  const lost = x < 1 ? x - (sum - 1) : 1 - (sum - x);
  const k = binaryExponent(sum);
  return combine(k, mantissa(sum, k) - 1, lost / sum);
}

/** log2 x, exact for powers of two. Error < 0.6 ulp; NaN for x < 0, −∞ for ±0. */
export function log2(x: number): number {
  if (!(x > 0 && x < Infinity)) return special(x);
  const k = binaryExponent(x);
  const f = mantissa(x, k) - 1;
  const s = f / (2 + f);
  const high = 2 * s * LOG2_E_HIGH;
  const low = productError(2 * s, LOG2_E_HIGH, high) + (2 * s * LOG2_E_LOW + beyondLinear(f, s) * LOG2_E_HIGH);
  if (k === 0) return high + low;
  const sum = k + high;
  return sum + (k - sum + high + low);
}
