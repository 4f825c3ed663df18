/**
 * Sorting networks: fixed lists of compare-exchanges that sort any input, so that one list sorts many columns at once.
 *
 * The pairwise network of Parberry ("The Pairwise Sorting Network", Parallel Processing Letters 2, 1992) has as many
 * comparators as Batcher's odd-even merge sort; where only some ranks are asked for, fewer of them matter: 776 against 889
 * for the median of 100.
 *
 * @module
 */

/** Puts the smaller value on lane `low` and the larger on lane `high`. */
export type Comparator = readonly [low: number, high: number];

/** The comparators that bring n lanes into ascending order, O(n log² n). */
export function pairwiseNetwork(n: number): Comparator[] {
  const network: Comparator[] = [];
  // Lanes from n on hold +∞: comparators, which never move it up, leave them alone.
  const compare = (low: number, high: number): void => {
    if (high < n) network.push([low, high]);
  };
  const sort = (start: number, stride: number, count: number): void => {
    if (count < 2) return;
    const lane = (i: number): number => start + i * stride;
    for (let i = 0; i < count; i += 2) compare(lane(i), lane(i + 1));
    sort(start, 2 * stride, count / 2);
    sort(start + stride, 2 * stride, count / 2);
    for (let distance = count / 4; distance >= 1; distance /= 2) {
      for (let i = 0; i + distance < count / 2; i++) compare(lane(2 * i + 1), lane(2 * (i + distance)));
    }
  };
  let lanes = 1;
  while (lanes < n) lanes *= 2;
  sort(0, 1, lanes);
  return network;
}

/** The comparators of `network` that lanes first … last − 1 depend on. */
export function prune(network: readonly Comparator[], first: number, last: number): Comparator[] {
  const needed = new Set<number>();
  for (let lane = first; lane < last; lane++) needed.add(lane);
  const kept: Comparator[] = [];
  for (let i = network.length - 1; i >= 0; i--) {
    const [low, high] = network[i];
    if (!needed.has(low) && !needed.has(high)) continue;
    needed.add(low).add(high);
    kept.push(network[i]);
  }
  return kept.reverse();
}
