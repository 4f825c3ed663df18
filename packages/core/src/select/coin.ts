/**
 * Coins of Poisson sampling.
 *
 * @module
 */
import type { Rng } from '../random.ts';

/** True with `probability` rounded down to 53 bits: never likelier than an accountant is told, however small it is. */
export function toss(rng: Rng, probability: number): boolean {
  // A draw is a multiple of 2^−53.
  return rng.uniform() < Math.floor(probability * 2 ** 53) / 2 ** 53;
}
