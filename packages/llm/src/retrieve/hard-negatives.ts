/**
 * Negatives that the present model finds likely: what there is most to learn from.
 *
 * Xiong et al., "Approximate Nearest Neighbor Negative Contrastive Learning for Dense Text Retrieval", ICLR 2021,
 * https://arxiv.org/abs/2007.00808, mines them by the model that is being trained; Moreira et al., "NV-Retriever", 2024,
 * https://arxiv.org/abs/2407.15831, leaves out those that score above a share of the positive's, which are often right.
 *
 * @module
 */

/** How negatives are chosen. */
export interface HardNegativeOptions {
  /** Of every query, ≥ 1. */
  readonly count: number;
  /** Only passages below this share of the own passage's score, in (0, 1]; default 0.95. */
  readonly below?: number;
}

/**
 * The passages nearest to each query that are not its own, nor alike, nor too near; by number, nearest first. Fewer where there
 * are no more. O(queries · passages · width).
 *
 * @param queries - Vectors of length 1, [n].
 * @param passages - Vectors of length 1, [n]: passage i answers query i.
 * @param alike - Whether passage j says what passage i says.
 */
export function hardNegatives(
  queries: readonly Float32Array[],
  passages: readonly Float32Array[],
  alike: (i: number, j: number) => boolean,
  { count, below = 0.95 }: HardNegativeOptions,
): number[][] {
  return queries.map((query, i) => {
    const scores = passages.map((passage) => cosine(query, passage));
    const most = below * Math.max(0, scores[i]);
    return [...passages.keys()]
      .filter((j) => j !== i && scores[j] < most)
      .sort((a, b) => scores[b] - scores[a] || a - b)
      .filter((j) => !alike(i, j))
      .slice(0, count);
  });
}

/**
 * The federation's centroids nearest to each query that are not its passage's own: what others hold near one's question,
 * although none of their texts is known.
 *
 * @param centroids - Of length 1 or shorter.
 */
export function centroidNegatives(
  queries: readonly Float32Array[],
  passages: readonly Float32Array[],
  centroids: readonly Float32Array[],
  count: number,
): Float32Array[][] {
  return queries.map((query, i) => {
    const own = nearest(passages[i], centroids);
    return [...centroids.keys()]
      .filter((c) => c !== own)
      .map((c) => ({ c, score: cosine(query, centroids[c]) }))
      .sort((a, b) => b.score - a.score || a.c - b.c)
      .slice(0, count)
      .map(({ c }) => centroids[c]);
  });
}

/** The number of the nearest centroid by inner product; of equals the first. */
export function nearest(vector: Float32Array, centroids: readonly Float32Array[]): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  centroids.forEach((centroid, c) => {
    const score = cosine(vector, centroid);
    if (score > most) [best, most] = [c, score];
  });
  return best;
}

/** The inner product, which is the cosine of vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
