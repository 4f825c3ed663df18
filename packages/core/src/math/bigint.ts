/**
 * Integers beyond 2^53 to float64.
 *
 * @module
 */

const EXACT = 1n << 53n;

/**
 * The float64 nearest to `integer`, ties to even: what `Number(integer)` is by the language. Hermes before V1, which React
 * Native ships, gives something else from 2^63 on without a word, but reads the decimal form right.
 */
export function bigintToNumber(integer: bigint): number {
  return -EXACT <= integer && integer <= EXACT ? Number(integer) : Number(integer.toString());
}
