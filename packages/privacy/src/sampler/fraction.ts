/**
 * Exact fractions and certified fixed-point bounds of the exponential function, in integers only: no rounding of the
 * platform decides a sampled bit.
 *
 * @module
 */

/** A nonnegative rational number. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The rational number that a finite double ≥ 0 is, its denominator a power of two as small as possible. */
export function toFraction(value: number): Fraction {
  let exponent = 0n;
  let scaled = value;
  // Doubling is exact until the value is an integer: at most 1,074 times.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent += 1n;
  }
  return { numerator: BigInt(scaled), denominator: 1n << exponent };
}

/** Certified bounds, in units of 2^−precision. */
export interface Bounds {
  readonly lower: bigint;
  readonly upper: bigint;
}

/**
 * Bounds of e^(−numerator/denominator) in units of 2^−precision, at most 2 apart.
 *
 * Proof: with W working bits and s halvings, y = ⌊2^W x / 2^s⌋ lies below the scaled argument by less than 1 and is under
 * 2^(W−6). Each term of the alternating series at y is low by less than two units (one for its own truncation, 1/64 of its
 * predecessor's error), and what follows the first term that truncates to 0 is less than two units; moving the argument by
 * one unit moves e^−y by at most one. Squaring [l, u] with l rounded down and u up keeps the bounds and at most doubles the
 * width plus 2; the 24 + s guard bits absorb s doublings.
 */
export function expNegative(numerator: bigint, denominator: bigint, precision: number): Bounds {
  const whole = numerator / denominator;
  if (whole > BigInt(precision)) return { lower: 0n, upper: 1n };
  const halvings = whole.toString(2).length + 6;
  const width = BigInt(precision + halvings + 24);
  const y = (numerator << width) / (denominator << BigInt(halvings));
  let sum = 0n;
  let term = 1n << width;
  let count = 0n;
  while (term > 0n) {
    sum += count % 2n === 0n ? term : -term;
    count += 1n;
    term = (term * y) / (count << width);
  }
  let lower = sum - 2n * count - 1n;
  let upper = sum + 2n * count;
  for (let i = 0; i < halvings; i++) {
    lower = (lower * lower) >> width;
    upper = ((upper * upper) >> width) + 1n;
  }
  const drop = width - BigInt(precision);
  return { lower: lower >> drop, upper: (upper >> drop) + 1n };
}
