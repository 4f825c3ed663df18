// Frozen, quantized weights: expanded for a matrix product, or multiplied with one row on the way. Arrays are byte offsets
// into the imported memory.

import { sumOf } from '../quad';
import { dequantize, rowBytes } from './blocks';

/** `rows` times k values, whole blocks of their kind, as float32; `stride` bytes from row to row. */
export function expand(kind: i32, from: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  for (let i = 0; i < rows; i++, from += stride, to += <usize>k << 2) dequantize(kind, from, k, to);
}

/**
 * y[n] = W · x for one row x, on top of what is there if `add`: eight partial sums, so other bits than a product of rows.
 *
 * @param scratch k + 8 values.
 */
export function gemvQuantized(kind: i32, x: usize, w: usize, y: usize, n: i32, k: i32, add: bool, scratch: usize): void {
  const bytes = rowBytes(kind, k), row = <usize>k << 2, whole = row & ~31;
  for (let j = 0; j < n; j++, w += bytes, y += 4) {
    dequantize(kind, w, k, scratch);
    let even = f32x4.splat(0), odd = even;
    for (let q: usize = 0; q < whole; q += 32) {
      even = f32x4.add(even, f32x4.mul(v128.load(x + q), v128.load(scratch + q)));
      odd = f32x4.add(odd, f32x4.mul(v128.load(x + q, 16), v128.load(scratch + q, 16)));
    }
    let sum = sumOf(f32x4.add(even, odd));
    for (let q = whole; q < row; q += 4) sum += load<f32>(x + q) * load<f32>(scratch + q);
    store<f32>(y, add ? load<f32>(y) + sum : sum);
  }
}
