/**
 * Reduction modulo π/2 with integers, for arguments that float64 arithmetic cannot reduce (Payne and Hanek, "Radian
 * reduction for trigonometric functions", ACM SIGNUM Newsletter 18(1), 1983).
 *
 * @module
 */
import { bigintToNumber } from './bigint.ts';
import { exponentOf, powerOfTwo, productError } from './double.ts';
import { mantissa } from './log.ts';

/** floor(2/π · 2^1216): 1024 bits for the largest exponent, the rest for the fraction. */
const TWO_OVER_PI_BITS = 1216;
const TWO_OVER_PI = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921c' +
    'fe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980f' +
    'ef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d08' +
    '56033046fc7b6bab',
);
const HALF_PI_HIGH = 1.5707963267948966;
const HALF_PI_LOW = 6.123233995736766e-17;

/** n mod 4 and r + low with x = n·π/2 + r + low and |r| ≤ π/4, to about 100 bits, for finite x with |x| ≥ ½. */
export function reduceExactly(x: number): { quadrant: number; r: number; low: number } {
  const exponent = exponentOf(x) - 52;
  const integer = BigInt(mantissa(x, exponent + 52) * 0x10000000000000);
  // x·2/π = product / 2^fractionBits, rounded to the nearest integer and 256 bits of fraction.
  const fractionBits = BigInt(TWO_OVER_PI_BITS - exponent);
  const product = integer * TWO_OVER_PI;
  const quotient = (product + (1n << (fractionBits - 1n))) >> fractionBits;
  const fraction = (product - (quotient << fractionBits)) >> (fractionBits - 256n);
  const high = bigintToNumber(fraction);
  const low = bigintToNumber(fraction - BigInt(high)) * powerOfTwo(-256);
  const scaled = high * powerOfTwo(-256);
  const r = scaled * HALF_PI_HIGH;
  return {
    quadrant: Number(quotient & 3n),
    r,
    low: productError(scaled, HALF_PI_HIGH, r) + (scaled * HALF_PI_LOW + low * HALF_PI_HIGH),
  };
}
