/**
 * Powers from + − × ÷ alone, so that every engine gives the same bits: x^y = e^(y ln x) with ln x and the product held in
 * two numbers each, about 100 bits.
 *
 * @module
 */
import { binaryExponent, productError, TINY } from './double.ts';
import { expOfSum, LN2_HIGH, LN2_LOW } from './exp.ts';
import { mantissa, quotientError } from './log.ts';

// 2/(2n + 7), and 2/3 and 2/5 in two parts.
const V = [2 / 7, 2 / 9, 2 / 11, 2 / 13, 2 / 15, 2 / 17, 2 / 19, 2 / 21, 2 / 23, 2 / 25] as const;
const TWO_THIRDS_LOW = 3.700743415417188e-17;
const TWO_FIFTHS_LOW = -2.220446049250313e-17;

/**
 * x^y as ECMAScript defines it: x^0 is 1 even for NaN, (±1)^±∞ is NaN, a negative x has powers of integer y alone, their
 * sign that of an odd y. Error < 0.7 ulp, < 1.2 ulp where the result is subnormal; a result that a float64 holds exactly
 * is exact.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (x !== x || y !== y) return Number.NaN;
  const base = Math.abs(x);
  const odd = Math.abs(y) < 0x20000000000000 && y % 2 !== 0 && Math.floor(y) === y;
  if (Math.abs(y) === Infinity) return base === 1 ? Number.NaN : base > 1 === y > 0 ? Infinity : 0;
  if (base === 0 || base === Infinity) {
    const magnitude = base > 1 === y > 0 ? Infinity : 0;
    return odd && (x < 0 || Object.is(x, -0)) ? -magnitude : magnitude;
  }
  if (x < 0 && Math.floor(y) !== y) return Number.NaN;
  const magnitude = powerOfPositive(base, y);
  return x < 0 && odd ? -magnitude : magnitude;
}

function powerOfPositive(x: number, y: number): number {
  if (x === 1) return 1;
  const k = binaryExponent(x);
  const f = mantissa(x, k) - 1;
  const s = f / (2 + f);
  const sLow = quotientError(f, s);

  // z = s², then u = z·(2/3 + z·(2/5 + z·V(z))) and ln(1 + f) = 2s + s·u, each as high + low.
  const z = s * s;
  const zLow = productError(s, s, z) + 2 * s * sLow;
  let v: number = V[9];
  for (let n = 8; n >= 0; n--) v = V[n] + z * v;
  const a = 0.4 + z * v;
  const aLow = 0.4 - a + z * v + TWO_FIFTHS_LOW;
  const za = z * a;
  const zaLow = productError(z, a, za) + z * aLow + zLow * a;
  const b = 2 / 3 + za;
  const bLow = 2 / 3 - b + za + (zaLow + TWO_THIRDS_LOW);
  const u = z * b;
  const uLow = productError(z, b, u) + z * bLow + zLow * b;
  const su = s * u;
  const suLow = productError(s, u, su) + s * uLow + sLow * u;
  const m = 2 * s + su;
  const mLow = 2 * s - m + su + (suLow + 2 * sLow);

  // k·ln 2 on top; for k = 0 every term of it vanishes.
  const major = k * LN2_HIGH;
  const minor = k * LN2_LOW;
  const sum = major + m;
  const sumLow = k === 0 ? mLow : major - sum + m + mLow;
  const log = sum + minor;
  const logLow = k === 0 ? mLow : sum - log + minor + (sumLow + productError(k, LN2_LOW, minor));

  const exponent = y * log;
  if (!(Math.abs(exponent) < 800)) return exponent > 0 ? Infinity : 0;
  if (Math.abs(exponent) < TINY) return 1;
  return expOfSum(exponent, productError(y, log, exponent) + y * logLow);
}
