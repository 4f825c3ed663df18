/**
 * Scores of Krum and what is chosen by them.
 *
 * @module
 */
import { checkInteger, refuse } from '../../check.ts';
import type { DistanceMatrix } from './distances.ts';

/**
 * How many nearest neighbours a score sums over: n − f − 2 in the paper, n − f − 1 in ByzFL.
 */
export type KrumNeighbours = 'n-f-2' | 'n-f-1';

/** Options of `krum`. */
export interface KrumOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
  /** Default `n-f-2`, as in the paper. */
  readonly neighbours?: KrumNeighbours;
}

/** What Krum and its relatives share: checked options, and the n ≥ 2f + 3 of the paper's proposition 1. */
export function checkKrumOptions(
  name: string,
  { byzantine, neighbours = 'n-f-2' }: KrumOptions,
): { byzantine: number; neighbours: KrumNeighbours; minimum: { count: number; because: string } } {
  checkInteger(`${name}: byzantine`, byzantine);
  if (neighbours !== 'n-f-2' && neighbours !== 'n-f-1') {
    refuse('INVALID_ARGUMENT', `${name}: neighbours`, "'n-f-2' or 'n-f-1'", neighbours);
  }
  return { byzantine, neighbours, minimum: { count: 2 * byzantine + 3, because: '2·byzantine + 3' } };
}

/** How many neighbours count among n candidates: at least 1, at most all others. */
export function neighbourCount(n: number, byzantine: number, neighbours: KrumNeighbours = 'n-f-2'): number {
  return Math.max(0, Math.min(n - 1, Math.max(1, n - byzantine - (neighbours === 'n-f-2' ? 2 : 1))));
}

/**
 * s(i) = Σ of the `count` smallest squared distances from candidate i to other candidates, summed in ascending order.
 *
 * @param candidates - Rows of the matrix to consider.
 * @returns One score a candidate, in their order.
 */
export function krumScores(distances: DistanceMatrix, candidates: readonly number[], count: number): Float64Array {
  const n = Math.round(Math.sqrt(distances.length));
  const others = new Float64Array(Math.max(0, candidates.length - 1));
  return Float64Array.from(candidates, (i) => {
    let next = 0;
    for (const j of candidates) if (j !== i) others[next++] = distances[i * n + j];
    others.sort();
    let score = 0;
    for (let k = 0; k < count; k++) score += others[k];
    return score;
  });
}

/** The positions of the `count` lowest scores, best first; of equal scores the first position. */
export function lowest(scores: Float64Array, count: number): number[] {
  return Array.from(scores.keys())
    .sort((a, b) => scores[a] - scores[b] || a - b)
    .slice(0, count);
}

/**
 * `count` candidates chosen one after the other, each by Krum among those that are left.
 *
 * @returns Rows in the order of their choice.
 */
export function chooseWithRemoval(distances: DistanceMatrix, n: number, byzantine: number, count: number): number[] {
  const left = Array.from({ length: n }, (_, i) => i);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const scores = krumScores(distances, left, neighbourCount(left.length, byzantine));
    chosen.push(...left.splice(lowest(scores, 1)[0], 1));
  }
  return chosen;
}
