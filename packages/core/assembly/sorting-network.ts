// Many columns, one sorting network: every compare-exchange takes the minimum of two rows into the first and the maximum
// into the second. Values are finite; of equal ones (−0 and +0) each row keeps its own.

/**
 * Runs the comparators at [list, listEnd), pairs of u32 offsets of rows, over `rowBytes` of every row from `rows` on,
 * `tile` bytes at a time. Both are multiples of 32, `rowBytes` of `tile`.
 */
export function sortColumns(list: usize, listEnd: usize, rows: usize, rowBytes: usize, tile: usize): void {
  const end = rows + rowBytes;
  for (let column = rows; column < end; column += tile) {
    for (let comparator = list; comparator < listEnd; comparator += 8) {
      let low: usize = column + load<u32>(comparator);
      let high: usize = column + load<u32>(comparator, 4);
      const stop = low + tile;
      while (low < stop) {
        const a = v128.load(low);
        const b = v128.load(high);
        const c = v128.load(low, 16);
        const d = v128.load(high, 16);
        v128.store(low, f32x4.pmin(a, b));
        v128.store(high, f32x4.pmax(b, a));
        v128.store(low, f32x4.pmin(c, d), 16);
        v128.store(high, f32x4.pmax(d, c), 16);
        low += 32;
        high += 32;
      }
    }
  }
}
