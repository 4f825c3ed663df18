/**
 * Plain means of whole vectors.
 *
 * @module
 */

/**
 * The mean of `updates`, shape [n][d] → [d], summed in float64 in the given order.
 *
 * @param into - Where the result goes; a fresh vector by default.
 */
export function meanOf(
  updates: readonly Float32Array[],
  into: Float32Array = new Float32Array(updates[0].length),
): Float32Array {
  const size = into.length;
  const sums = new Float64Array(Math.min(BLOCK, size));
  for (let offset = 0; offset < size; offset += BLOCK) {
    const width = Math.min(BLOCK, size - offset);
    sums.fill(0);
    for (const values of updates) for (let c = 0; c < width; c++) sums[c] += values[offset + c];
    for (let c = 0; c < width; c++) into[offset + c] = sums[c] / updates.length;
  }
  return into;
}

const BLOCK = 4096;
