// Frozen, quantized weights, expanded for a matrix product. Arrays are byte offsets into the imported memory.

import { dequantize } from './blocks';

/** `rows` times k values, whole blocks of their kind, as float32; `stride` bytes from row to row. */
export function expand(kind: i32, from: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  for (let i = 0; i < rows; i++, from += stride, to += <usize>k << 2) dequantize(kind, from, k, to);
}
