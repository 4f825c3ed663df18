// Frozen, quantized weights: expanded for a matrix product, or multiplied with one row on the way. Arrays are byte offsets
// into the imported memory.

import { sumOf } from '../quad';
import { affine, dequantize, half, rowBytes } from './blocks';

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
    let sum: f32;
    if (kind > 1 && kind < 5) sum = sumOf(blocksTimes(kind, w, x, row));
    else {
      dequantize(kind, w, k, scratch);
      let even = f32x4.splat(0), odd = even;
      for (let q: usize = 0; q < whole; q += 32) {
        even = f32x4.add(even, f32x4.mul(v128.load(x + q), v128.load(scratch + q)));
        odd = f32x4.add(odd, f32x4.mul(v128.load(x + q, 16), v128.load(scratch + q, 16)));
      }
      sum = sumOf(f32x4.add(even, odd));
      for (let q = whole; q < row; q += 4) sum += load<f32>(x + q) * load<f32>(scratch + q);
    }
    store<f32>(y, add ? load<f32>(y) + sum : sum);
  }
}

/** The partial sums of a row of Q4_0, Q4_1 or Q8_0 times x, whose values never leave the registers. */
function blocksTimes(kind: i32, w: usize, x: usize, row: usize): v128 {
  const low = i8x16.splat(15);
  let even = f32x4.splat(0), odd = even;
  for (const end = x + row; x < end; x += 128) {
    const d = f32x4.splat(half(w));
    let m = f32x4.splat(0), first: v128, last: v128;
    if (kind == 4) {
      first = v128.load(w, 2);
      last = v128.load(w, 18);
      w += 34;
    } else {
      const at: usize = kind == 3 ? 4 : 2;
      const q = v128.load(w + at);
      first = v128.and(q, low);
      last = i8x16.shr_u(q, 4);
      if (kind == 3) m = f32x4.splat(half(w + 2));
      else {
        first = i8x16.sub(first, i8x16.splat(8));
        last = i8x16.sub(last, i8x16.splat(8));
      }
      w += at + 16;
    }
    let a = i16x8.extend_low_i8x16_s(first), b = i16x8.extend_high_i8x16_s(first);
    even = f32x4.add(even, f32x4.mul(v128.load(x), affine(i32x4.extend_low_i16x8_s(a), d, m)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 16), affine(i32x4.extend_high_i16x8_s(a), d, m)));
    even = f32x4.add(even, f32x4.mul(v128.load(x, 32), affine(i32x4.extend_low_i16x8_s(b), d, m)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 48), affine(i32x4.extend_high_i16x8_s(b), d, m)));
    a = i16x8.extend_low_i8x16_s(last);
    b = i16x8.extend_high_i8x16_s(last);
    even = f32x4.add(even, f32x4.mul(v128.load(x, 64), affine(i32x4.extend_low_i16x8_s(a), d, m)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 80), affine(i32x4.extend_high_i16x8_s(a), d, m)));
    even = f32x4.add(even, f32x4.mul(v128.load(x, 96), affine(i32x4.extend_low_i16x8_s(b), d, m)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 112), affine(i32x4.extend_high_i16x8_s(b), d, m)));
  }
  return f32x4.add(even, odd);
}
