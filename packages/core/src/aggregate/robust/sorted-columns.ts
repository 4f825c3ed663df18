/**
 * Order statistics of every coordinate.
 *
 * @module
 */
import { ceilTo, robustKernels } from './kernels.ts';
import { pairwiseNetwork, prune } from './sorting-network.ts';

/**
 * Receives ranks `first` … `last − 1` of `width` coordinates from `offset` on: `ranks[k][c]` is the (first + k)-th
 * smallest value, counted from 0, at coordinate offset + c. The arrays are reused. Zeros may have either sign.
 */
export type RankVisitor = (ranks: readonly Float32Array[], offset: number, width: number) => void;

/**
 * Hands ranks `first` … `last − 1` of every coordinate to `visit`, block by block in ascending order.
 *
 * @param updates - Shape [n][d], finite: min and max of NaN differ between engines.
 */
export function forSortedColumns(
  updates: readonly Float32Array[],
  first: number,
  last: number,
  visit: RankVisitor,
): void {
  if (!sortBySimd(updates, first, last, visit)) sortPlain(updates, first, last, visit);
}

const CACHE = 1 << 18;
const MAX_BLOCK = 1 << 13;

function sortBySimd(updates: readonly Float32Array[], first: number, last: number, visit: RankVisitor): boolean {
  const n = updates.length;
  const size = updates[0].length;
  // A tile of all rows stays in cache over the whole network; a block of several tiles saves calls.
  let tile = 1024;
  while (tile > 32 && tile * n > CACHE) tile /= 2;
  const block = Math.min(MAX_BLOCK, Math.max(tile / 4, (CACHE / n) & ~255), ceilTo(size, tile / 4));
  const network = prune(pairwiseNetwork(n), first, last);
  const rows = ceilTo(8 * network.length, 64);
  // Rows a power of two apart would share their cache sets.
  const stride = 4 * block + 64;
  const kernels = robustKernels(rows + n * stride);
  if (kernels === undefined) return false;
  const { exports, memory } = kernels;
  new Uint32Array(memory.buffer, 0, 2 * network.length).set(network.flat().map((lane) => lane * stride));
  const lanes = updates.map((_, i) => new Float32Array(memory.buffer, rows + i * stride, block));
  const ranks = lanes.slice(first, last);
  for (let offset = 0; offset < size; offset += block) {
    const width = Math.min(block, size - offset);
    for (let i = 0; i < n; i++) lanes[i].set(updates[i].subarray(offset, offset + width));
    exports.sortColumns(0, 8 * network.length, rows, ceilTo(4 * width, tile), tile);
    visit(ranks, offset, width);
  }
  return true;
}

function sortPlain(updates: readonly Float32Array[], first: number, last: number, visit: RankVisitor): void {
  const n = updates.length;
  const size = updates[0].length;
  const block = Math.min(1024, size);
  const column = new Float32Array(n);
  const ranks = Array.from({ length: last - first }, () => new Float32Array(block));
  for (let offset = 0; offset < size; offset += block) {
    const width = Math.min(block, size - offset);
    for (let c = 0; c < width; c++) {
      for (let i = 0; i < n; i++) column[i] = updates[i][offset + c];
      column.sort();
      for (let k = first; k < last; k++) ranks[k - first][c] = column[k];
    }
    visit(ranks, offset, width);
  }
}
