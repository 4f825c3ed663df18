/**
 * What every sampler of integer noise offers.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { type Draws, WordSource } from './words.ts';

/**
 * Samples integers from one distribution, exactly. Only a secure stream is accepted.
 *
 * Not constant-time: how long a draw takes depends on its outcome, so an observer who can time single draws learns about
 * the noise. Draw where nobody can, or add a fixed delay.
 */
export interface IntegerSampler {
  /** One sample. */
  sample(rng: SecureRng): number;
  /** Adds an independent sample to each of `values`, shape [d], integers; the fast path for vectors. */
  addTo(values: Float64Array, rng: SecureRng): void;
}

/** Adds a sample to each of `values`: what drawing them one by one gives, bit for bit, and faster. */
export type AddSamples = (values: Float64Array, words: WordSource) => void;

/** An {@link IntegerSampler} out of a function that draws one sample, and perhaps one that draws many. */
export function integerSampler(
  draw: (draws: Draws) => number,
  addSamples: AddSamples = oneByOne(draw),
): IntegerSampler {
  return {
    sample(rng) {
      return draw(new WordSource(rng, 4));
    },
    addTo(values, rng) {
      // 64 KiB of random words at a time: the most that platforms hand out in one call.
      const words = new WordSource(rng, Math.min(16384, Math.max(4, values.length * 2)));
      addSamples(values, words);
      words.erase();
    },
  };
}

/** The plain twin of every {@link AddSamples}. */
function oneByOne(draw: (draws: Draws) => number): AddSamples {
  return (values, words) => {
    for (let i = 0; i < values.length; i++) values[i] += draw(words);
  };
}
