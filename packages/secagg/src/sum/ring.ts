/**
 * The ring Z / 2^bits a sum lives in, sized so that it cannot overflow.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkInteger, checkNumber, checkPositive } from '@fedkit/core/internal';

/** Widest ring: sums are exact in float64. */
export const MAXIMUM_BITS = 52;

// ln 2, rounded up.
const LN_2 = 0.6931471805599454;

/**
 * The narrowest ring in which `clients` values in [−bound·weight, bound·weight] cannot wrap: the least bits ≥ 2 with
 * clients · bound · weight < 2^(bits−1).
 *
 * @throws FedkitError `OVERFLOW` where more than 52 bits would be needed.
 */
export function exactBits(clients: number, bound: number, maximumWeight: number): number {
  const extreme = BigInt(clients) * BigInt(bound) * BigInt(maximumWeight);
  let bits = 2;
  while (1n << BigInt(bits - 1) <= extreme) bits++;
  if (bits > MAXIMUM_BITS) {
    throw new FedkitError(
      'OVERFLOW',
      `ring: expected clients · bound · weight below 2^${MAXIMUM_BITS - 1}, got ${clients} · ${bound} · ${maximumWeight}`,
      { details: { clients, bound, maximumWeight, bits } },
    );
  }
  return bits;
}

/**
 * A narrower ring for sums that are unlikely to be large, as after a rotation or with noise: the least bits for which
 * any of `length` sums wraps with probability at most `wrapProbability`, if each client's entries are independent and
 * sub-Gaussian with variance proxy (`deviation` · weight)². The bound is 2·exp(−T²/2nσ²) a coordinate; logarithms are
 * rounded up to whole bits, so that every engine computes the same width.
 */
export function likelyBits(
  clients: number,
  length: number,
  deviation: number,
  maximumWeight: number,
  wrapProbability: number,
): number {
  checkPositive('ring: deviation', deviation);
  checkNumber('ring: wrapProbability', wrapProbability, 2 ** -100, 0.5);
  let logarithm = 0;
  for (let odds = (2 * length) / wrapProbability; odds > 1; odds /= 2) logarithm++;
  const reach = deviation * maximumWeight * Math.sqrt(2 * clients * logarithm * LN_2);
  let bits = 2;
  for (let half = 2; half <= reach; half *= 2) bits++;
  return checkInteger('ring: bits', bits, 2, MAXIMUM_BITS);
}
