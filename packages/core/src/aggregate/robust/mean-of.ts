/**
 * Plain means of whole vectors.
 *
 * @module
 */

const BLOCK = 4096;

/**
 * The mean of `updates`, shape [n][d] → [d], summed in float64 in the given order.
 *
 * @param into - Where the result goes; a fresh vector by default.
 */
export function meanOf(
  updates: readonly Float32Array[],
  into: Float32Array = new Float32Array(updates[0].length),
): Float32Array {
  const sums = new Float64Array(Math.min(BLOCK, into.length));
  for (let offset = 0; offset < into.length; offset += BLOCK) {
    const width = Math.min(BLOCK, into.length - offset);
    sumRows(updates, offset, width, sums);
    for (let c = 0; c < width; c++) into[offset + c] = sums[c] / updates.length;
  }
  return into;
}

/** sums[c] = Σ rows[i][offset + c] for c < width, one row after the other, in float64. */
export function sumRows(rows: readonly Float32Array[], offset: number, width: number, sums: Float64Array): void {
  sums.fill(0, 0, width);
  let i = 0;
  // Four rows to a pass over the sums, each added in its turn.
  for (; i + 4 <= rows.length; i += 4) {
    const [a, b, c, d] = [rows[i], rows[i + 1], rows[i + 2], rows[i + 3]];
    for (let k = 0, at = offset; k < width; k++, at++) sums[k] = sums[k] + a[at] + b[at] + c[at] + d[at];
  }
  for (; i < rows.length; i++) {
    const row = rows[i];
    for (let k = 0; k < width; k++) sums[k] += row[offset + k];
  }
}
