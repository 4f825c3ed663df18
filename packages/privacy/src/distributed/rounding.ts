/**
 * Conditional stochastic rounding. Kairouz, Liu and Steinke, ICML 2021, arXiv 2102.06387, Algorithm 1 and Proposition 26.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { WordSource } from '../sampler/words.ts';

/** The integer vectors that a client may send. */
export interface Ball {
  readonly size: number;
  /** Σ k_i² is at most this integer, below 2^53. */
  readonly squaredBound: number;
}

/** One rounding is refused with probability at most β: 200 times in a row never happens where β is not close to 1. */
const attempts = 200;

/**
 * Rounds factor · values to integers, each up or down with the probability that makes it unbiased, again and again until the
 * vector lies in the ball. Should chance refuse for ever, every coordinate is rounded towards zero, which shortens it.
 *
 * @param values - Shape [d]; read as 0 where `factor` is 0, whatever they hold.
 * @returns Shape [d], integers, Σ k_i² ≤ squaredBound exactly.
 */
export function roundConditionally(values: Float32Array, factor: number, ball: Ball, rng: SecureRng): Float64Array {
  const integers = new Float64Array(ball.size);
  if (factor === 0) return integers;
  const words = new WordSource(rng, Math.min(16384, ball.size));
  for (let attempt = 0; attempt < attempts; attempt++) {
    let squares = 0;
    for (let i = 0; i < integers.length; ) {
      // Whole runs of fetched words at a time, the first of each fetched if need be.
      integers[i] = Math.floor(values[i] * factor + words.word() * 2 ** -32);
      squares += integers[i] * integers[i];
      const end = Math.min(integers.length, ++i + words.words.length - words.next);
      for (const shift = words.next - i; i < end; i++) {
        const k = Math.floor(values[i] * factor + words.words[i + shift] * 2 ** -32);
        integers[i] = k;
        squares += k * k;
        words.next++;
      }
    }
    if (squares <= ball.squaredBound) {
      words.erase();
      return integers;
    }
  }
  words.erase();
  let squares = 0;
  for (let i = 0; i < integers.length; i++) {
    integers[i] = Math.trunc(values[i] * factor * (1 - 2 ** -20));
    squares += integers[i] ** 2;
  }
  return squares <= ball.squaredBound ? integers : integers.fill(0);
}
