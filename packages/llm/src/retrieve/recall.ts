/**
 * How often what was asked for is found.
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { cosine } from './hard-negatives.ts';

/**
 * Where its own passage stands among all, for every query: 1 is first. Passages of equal score count as if they stood in front.
 *
 * @param queries - Vectors of length 1.
 * @param passages - Vectors of length 1: passage i answers query i; there may be more.
 */
export function ranksOf(queries: readonly Float32Array[], passages: readonly Float32Array[]): number[] {
  return queries.map((query, i) => {
    const own = cosine(query, passages[i]);
    return passages.reduce((rank, passage, j) => rank + (j !== i && cosine(query, passage) >= own ? 1 : 0), 1);
  });
}

/** The share of ranks within the first k. */
export function recallAt(ranks: readonly number[], k: number): number {
  checkInteger('recallAt: k', k, 1);
  return ranks.length === 0 ? 0 : ranks.filter((rank) => rank <= k).length / ranks.length;
}
