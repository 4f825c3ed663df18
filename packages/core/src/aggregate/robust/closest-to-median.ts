/**
 * The mean of the values nearest to the median of their coordinate: the core of mean-around-median and of Bulyan.
 *
 * @module
 */
import { forSortedColumns } from './sorted-columns.ts';

/**
 * For every coordinate the mean of the `keep` values closest to the median, summed in float64 in ascending order. Of two
 * values equally far on either side, the one of the update that comes first is kept.
 *
 * @param updates - Shape [n][d], finite, in ascending order of client id.
 * @param keep - 1 … n.
 */
export function meanClosestToMedian(updates: readonly Float32Array[], keep: number): Float32Array {
  const n = updates.length;
  const result = new Float32Array(updates[0].length);
  forSortedColumns(updates, 0, n, (sorted, offset, width) => {
    for (let c = 0; c < width; c++) {
      const median = (sorted[(n - 1) >> 1][c] + sorted[n >> 1][c]) / 2;
      let low = 0;
      let high = n - 1;
      while (high - low >= keep) {
        const below = median - sorted[low][c];
        const above = sorted[high][c] - median;
        if (below > above) low++;
        else if (above > below || below === 0) high--;
        else [low, high] = splitTie(updates, sorted, low, high, keep, c, offset);
      }
      let sum = 0;
      for (let k = low; k <= high; k++) sum += sorted[k][c];
      result[offset + c] = sum / keep;
    }
  });
  return result;
}

/**
 * Narrows ranks low … high, whose ends are equally far from the median on its two sides: of the updates that hold either
 * value the first ones are kept, as many as there is room for.
 */
function splitTie(
  updates: readonly Float32Array[],
  sorted: readonly Float32Array[],
  low: number,
  high: number,
  keep: number,
  c: number,
  offset: number,
): [low: number, high: number] {
  const left = sorted[low][c];
  const right = sorted[high][c];
  let inner = low;
  let outer = high;
  while (sorted[inner][c] === left) inner++;
  while (sorted[outer][c] === right) outer--;
  let room = Math.max(0, keep - (outer - inner + 1));
  for (let i = 0; room > 0; i++) {
    const value = updates[i][offset + c];
    if (value === left) inner--;
    else if (value === right) outer++;
    else continue;
    room--;
  }
  return [inner, outer];
}
