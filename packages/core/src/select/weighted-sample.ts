/**
 * Drawing without replacement, some more likely than others.
 *
 * P. S. Efraimidis, P. G. Spirakis, "Weighted random sampling with a reservoir", Information Processing Letters 97, 2006,
 * algorithm A-ES.
 *
 * @module
 */
import { checkNumber, refuse } from '../check.ts';
import { log1p } from '../math/log.ts';
import type { Rng } from '../random.ts';

/**
 * `count` of the items, one after the other, each with a probability proportional to its weight among those left. One
 * draw of `rng` an item, whatever its weight.
 *
 * @param weights - Finite and ≥ 0; items of weight 0 are never drawn.
 * @returns In the order of `items`.
 * @throws FedkitError `OUT_OF_RANGE` for another weight, `THRESHOLD_NOT_MET` if fewer than `count` weights are positive.
 */
export function weightedSample<T>(
  where: string,
  items: readonly T[],
  weights: ArrayLike<number>,
  count: number,
  rng: Rng,
): T[] {
  const keys = items.map((_, i) => {
    const weight = checkNumber(`${where}: weight`, weights[i], 0);
    // The first arrival of a Poisson process of rate `weight`, in (0, ∞].
    return -log1p(-rng.uniform()) / weight;
  });
  const possible = keys.map((_, i) => i).filter((i) => weights[i] > 0);
  if (possible.length < count) {
    refuse('THRESHOLD_NOT_MET', where, `at least ${count} clients of positive weight`, possible.length);
  }
  const drawn = possible.sort((a, b) => keys[a] - keys[b] || a - b).slice(0, count);
  return drawn.sort((a, b) => a - b).map((i) => items[i]);
}
