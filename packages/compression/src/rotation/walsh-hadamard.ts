/**
 * The fast Walsh-Hadamard transform of any power of two.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { TILE, type Tile, tile } from '../kernels/tile.ts';

/** Stages that one pass over columns takes: 256 rows of 64 values fill a tile. */
const PASS = 8;

/**
 * H x in place, unnormalized: H·H = n·I, so divide by √n for an orthonormal transform. Natural (Hadamard) order.
 * Takes O(n log n) time, in tiles of 64 KiB.
 *
 * @param values - Shape [n], n a power of two.
 * @returns `values`.
 */
export function walshHadamard(values: Float32Array): Float32Array {
  const n = values.length;
  if (n === 0 || (n & (n - 1)) !== 0) refuse('SHAPE_MISMATCH', 'walshHadamard: values', 'a power of two of values', n);
  const on = tile();
  if (n < 16) return small(values);
  const within = Math.min(n, TILE);
  for (let start = 0; start < n; start += within) {
    on.values.set(values.subarray(start, start + within));
    on.transform(within, 1);
    values.set(on.values.subarray(0, within), start);
  }
  for (let stride = within; stride < n; ) {
    const rows = Math.min(2 ** PASS, n / stride);
    columns(values, stride, rows, on);
    stride *= rows;
  }
  return values;
}

/** The stages stride, 2·stride, … of `rows` rows, a tile of columns at a time. */
function columns(values: Float32Array, stride: number, rows: number, on: Tile): void {
  const width = TILE / rows;
  const scratch = on.values;
  for (let base = 0; base < values.length; base += stride * rows) {
    for (let column = base; column < base + stride; column += width) {
      for (let row = 0; row < rows; row++) {
        const from = column + row * stride;
        scratch.set(values.subarray(from, from + width), row * width);
      }
      on.transform(TILE, width);
      for (let row = 0; row < rows; row++) {
        values.set(scratch.subarray(row * width, (row + 1) * width), column + row * stride);
      }
    }
  }
}

function small(values: Float32Array): Float32Array {
  for (let h = 1; h < values.length; h *= 2) {
    for (let i = 0; i < values.length; i++) {
      if ((i & h) !== 0) continue;
      const a = values[i];
      const b = values[i + h];
      values[i] = a + b;
      values[i + h] = a - b;
    }
  }
  return values;
}
