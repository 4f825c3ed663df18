/**
 * Search by words: what an encoder has to be better than, and what it goes well with.
 *
 * Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, https://doi.org/10.1561/1500000019; Cormack,
 * Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009, https://doi.org/10.1145/1571941.1572114.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkNumber } from '@fedkit/core/internal';
import { log } from '@fedkit/core/math';

/** Scores of passages by the terms they share with a query. */
export interface LexicalIndex {
  /** BM25 of every passage, in their order. O(terms of the query · passages that have them). */
  scores(query: readonly string[]): Float64Array;
}

/**
 * BM25 over passages as lists of terms, with Lucene's inverse document frequency ln(1 + (N − n + ½)/(n + ½)), which is never negative.
 *
 * @param options.k1 - How fast repetitions wear off, ≥ 0; default 1.2.
 * @param options.b - How much length counts, in [0, 1]; default 0.75.
 */
export function lexicalIndex(
  passages: readonly (readonly string[])[],
  options: { readonly k1?: number; readonly b?: number } = {},
): LexicalIndex {
  checkOptions('lexicalIndex', options, { k1: true, b: true } satisfies OptionNames<typeof options>);
  const k1 = checkNumber('lexicalIndex: k1', options.k1 ?? 1.2, 0, 100);
  const b = checkNumber('lexicalIndex: b', options.b ?? 0.75, 0, 1);
  const count = passages.length;
  const average = passages.reduce((sum, { length }) => sum + length, 0) / Math.max(1, count);
  const postings = new Map<string, Map<number, number>>();
  passages.forEach((terms, passage) => {
    for (const term of terms) {
      const own = postings.get(term) ?? new Map<number, number>();
      own.set(passage, (own.get(passage) ?? 0) + 1);
      postings.set(term, own);
    }
  });
  return {
    scores(query) {
      const scores = new Float64Array(count);
      for (const term of query) {
        const own = postings.get(term);
        if (own === undefined) continue;
        const rarity = log(1 + (count - own.size + 0.5) / (own.size + 0.5));
        for (const [passage, times] of own) {
          const length = average === 0 ? 1 : passages[passage].length / average;
          scores[passage] += (rarity * times * (k1 + 1)) / (times + k1 * (1 - b + b * length));
        }
      }
      return scores;
    },
  };
}

/**
 * One score of several rankings: Σ 1/(60 + rank). Equal scores of a ranking share the middle of their ranks.
 *
 * @param rankings - Scores of the same passages, higher is better.
 */
export function fuseRankings(rankings: readonly ArrayLike<number>[]): Float64Array {
  const fused = new Float64Array(rankings[0]?.length ?? 0);
  for (const scores of rankings) {
    const order = [...fused.keys()].sort((i, j) => scores[j] - scores[i]);
    for (let first = 0; first < order.length; ) {
      let last = first;
      while (last + 1 < order.length && scores[order[last + 1]] === scores[order[first]]) last++;
      for (let at = first; at <= last; at++) fused[order[at]] += 1 / (60 + 1 + (first + last) / 2);
      first = last + 1;
    }
  }
  return fused;
}
