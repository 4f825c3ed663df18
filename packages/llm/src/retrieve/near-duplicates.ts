/**
 * Passages that say nearly the same: no negatives of one another's queries.
 *
 * @module
 */

/** What two texts share of their tokens: |A ∩ B| / |A ∪ B| over the sets of tokens (Jaccard), in [0, 1]. */
export function tokenOverlap(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const token of small) if (large.has(token)) shared++;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}

/** The set of a text's tokens. */
export function tokenSet(text: ArrayLike<number>): ReadonlySet<number> {
  return new Set(Array.from(text));
}
