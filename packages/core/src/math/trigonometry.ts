/**
 * Sine and cosine from + − × ÷ alone, so that every engine gives the same bits, over the whole range of float64.
 *
 * x = n·π/2 + r with |r| ≤ π/4 (about), r held in two numbers, then the Taylor series of r.
 *
 * @module
 */
import { productError } from './double.ts';
import { reduceExactly } from './reduce-exactly.ts';

const TWO_OVER_PI = 0.6366197723675814;
// π/2 in parts of 33, 33 and 53 bits: the first two have exact products with integers below 2^20.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;
/** 2^−20. */
const NEAR_ZERO = 9.5367431640625e-7;

// (−1)^n/(2n + 1)! for n = 1 … 9 and (−1)^n/(2n)! for n = 2 … 9.
const S1 = -1 / 6;
const S2 = 1 / 120;
const S3 = -1 / 5040;
const S4 = 1 / 362880;
const S5 = -1 / 39916800;
const S6 = 1 / 6227020800;
const S7 = -1 / 1307674368000;
const S8 = 1 / 355687428096000;
const C2 = 1 / 24;
const C3 = -1 / 720;
const C4 = 1 / 40320;
const C5 = -1 / 3628800;
const C6 = 1 / 479001600;
const C7 = -1 / 87178291200;
const C8 = 1 / 20922789888000;
const C9 = -1 / 6402373705728000;

/** sin(r + low) for |r| ≤ 0.8. */
function sine(r: number, low: number): number {
  const z = r * r;
  const series = S1 + z * (S2 + z * (S3 + z * (S4 + z * (S5 + z * (S6 + z * (S7 + z * S8))))));
  return r + (z * r * series + low * (1 - z / 2));
}

/** cos(r + low) for |r| ≤ 0.8. */
function cosine(r: number, low: number): number {
  const z = r * r;
  const half = z / 2;
  const high = 1 - half;
  const series = C2 + z * (C3 + z * (C4 + z * (C5 + z * (C6 + z * (C7 + z * (C8 + z * C9))))));
  return high + (1 - high - half - productError(r, r, z) / 2 + (z * z * series - r * low));
}

/** sin(x + turns·π/2). */
function shiftedSine(x: number, turns: number): number {
  let n = 0;
  let r = x;
  let low = 0;
  if (Math.abs(x) > 0.7853981633974483) {
    n = Math.floor(x * TWO_OVER_PI + 0.5);
    const high = x - n * HALF_PI_1;
    const second = n * HALF_PI_2;
    const middle = high - second;
    const third = n * HALF_PI_3;
    r = middle - third;
    // Beyond 2^20 the products are inexact, and next to a multiple of π/2 the 119 bits of π/2 are too few.
    if (!(Math.abs(n) < 0x100000 && Math.abs(r) > NEAR_ZERO)) {
      const exact = reduceExactly(x);
      n = exact.quadrant;
      r = exact.r;
      low = exact.low;
    } else {
      low = high - middle - second + (middle - r - third);
    }
  }
  const quadrant = (((n % 4) + 4 + turns) | 0) % 4;
  const value = quadrant % 2 === 0 ? sine(r, low) : cosine(r, low);
  return quadrant < 2 ? value : -value;
}

/** sin x, x in radians, of any size. Error < 0.8 ulp; −0 for −0, NaN for NaN and ±∞. */
export function sin(x: number): number {
  if (Math.abs(x) < NEAR_ZERO * NEAR_ZERO) return x;
  return Math.abs(x) < Infinity ? shiftedSine(x, 0) : Number.NaN;
}

/** cos x, x in radians, of any size. Error < 0.8 ulp; NaN for NaN and ±∞. */
export function cos(x: number): number {
  return Math.abs(x) < Infinity ? shiftedSine(x, 1) : Number.NaN;
}
