/**
 * Tails of the hypergeometric distribution from sums and products alone, which every engine rounds alike: degree and
 * threshold are bound into transcripts, so two engines must never compute different ones.
 *
 * @module
 */

/** Probabilities relative to the mode's, for every count that has any. */
export interface Hypergeometric {
  /** The least count with positive probability. */
  readonly minimum: number;
  /** Probability of `minimum + i`, i = 0, 1, … Values below 1e-300 of the mode's are zero. */
  readonly probabilities: Float64Array;
}

/**
 * The number of marked among `draws` draws without replacement from `population` of which `marked` are marked.
 *
 * @complexity O(min(draws, marked)).
 */
export function hypergeometric(population: number, marked: number, draws: number): Hypergeometric {
  const minimum = Math.max(0, draws + marked - population);
  const maximum = Math.min(draws, marked);
  const probabilities = new Float64Array(maximum - minimum + 1);
  const mode = Math.min(maximum, Math.max(minimum, Math.floor(((draws + 1) * (marked + 1)) / (population + 2))));
  const rest = population - marked - draws;
  probabilities[mode - minimum] = 1;
  for (let i = mode; i < maximum; i++) {
    const ratio = ((marked - i) * (draws - i)) / ((i + 1) * (rest + i + 1));
    const next = probabilities[i - minimum] * ratio;
    if (next < 1e-300) break;
    probabilities[i + 1 - minimum] = next;
  }
  for (let i = mode; i > minimum; i--) {
    const ratio = (i * (rest + i)) / ((marked - i + 1) * (draws - i + 1));
    const next = probabilities[i - minimum] * ratio;
    if (next < 1e-300) break;
    probabilities[i - 1 - minimum] = next;
  }
  // Each side from its small end, so that rounding stays at the last bits.
  let low = 0;
  let high = 0;
  for (let i = 0; i < mode - minimum; i++) low += probabilities[i];
  for (let i = probabilities.length - 1; i > mode - minimum; i--) high += probabilities[i];
  const total = 1 + low + high;
  for (let i = 0; i < probabilities.length; i++) probabilities[i] /= total;
  return { minimum, probabilities };
}

/** The least t with Pr[X > t] ≤ `bound`. */
export function leastUpper({ minimum, probabilities }: Hypergeometric, bound: number): number {
  let tail = 0;
  for (let i = probabilities.length - 1; i >= 0; i--) {
    tail += probabilities[i];
    if (tail > bound) return minimum + i;
  }
  return minimum;
}

/** The least t with Pr[X ≤ t] ≥ `bound`. */
export function leastLower({ minimum, probabilities }: Hypergeometric, bound: number): number {
  let tail = 0;
  for (let i = 0; i < probabilities.length; i++) {
    tail += probabilities[i];
    if (tail >= bound) return minimum + i;
  }
  return minimum + probabilities.length - 1;
}
