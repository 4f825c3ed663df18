/**
 * Float64 and float32 numbers as exact fractions: for total weights that no rounding may touch, and for the rare quotients
 * that lie too close to a rounding boundary to trust floating point.
 *
 * @module
 */
import { bigintToNumber } from '../math/bigint.ts';
import { exponentOf, powerOfTwo } from '../math/double.ts';

/** integer · 2^exponent. */
export interface Dyadic {
  readonly integer: bigint;
  readonly exponent: number;
}

/** x exactly, for a finite x. */
export function dyadic(x: number): Dyadic {
  if (x === 0) return { integer: 0n, exponent: 0 };
  const exponent = exponentOf(x) - 52;
  const half = exponent >> 1;
  return { integer: BigInt(x * powerOfTwo(-half) * powerOfTwo(half - exponent)), exponent };
}

/** The float64 nearest to a value whose magnitude lies well within float64. */
export function toNumber({ integer, exponent }: Dyadic): number {
  const half = exponent >> 1;
  return bigintToNumber(integer) * powerOfTwo(half) * powerOfTwo(exponent - half);
}

export function multiply(a: Dyadic, b: Dyadic): Dyadic {
  return { integer: a.integer * b.integer, exponent: a.exponent + b.exponent };
}

export function add(a: Dyadic, b: Dyadic): Dyadic {
  const exponent = Math.min(a.exponent, b.exponent);
  return { integer: aligned(a, exponent) + aligned(b, exponent), exponent };
}

/** −1, 0 or 1 as a is below, at or above b. */
export function compare(a: Dyadic, b: Dyadic): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = aligned(a, exponent) - aligned(b, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function aligned({ integer, exponent }: Dyadic, to: number): bigint {
  return integer << BigInt(exponent - to);
}
