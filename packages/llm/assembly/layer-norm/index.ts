// Layer norm with its gradient. Arrays are byte offsets into the imported memory; rows need not be
// multiples of four values. Sums over a row have four lanes, added as (0 + 1) + (2 + 3).

import { put, quad, sumOf } from '../quad';

/** y = (x − mean) · rstd · gain + bias (Ba et al. 2016); stats [rows][2] keeps mean and rstd. */
export function layerNorm(
  x: usize, gain: usize, bias: usize, y: usize, stats: usize, rows: i32, width: i32, epsilon: f32,
): void {
  const row = <usize>width << 2;
  for (let r = 0; r < rows; r++, x += row, y += row, stats += 8) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) sum = f32x4.add(sum, quad(x + i, row - i, 0));
    const mean = sumOf(sum) / <f32>width, m = f32x4.splat(mean);
    sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      const v = f32x4.sub(quad(x + i, row - i, mean), m);
      sum = f32x4.add(sum, f32x4.mul(v, v));
    }
    const rstd = <f32>1 / sqrt<f32>(sumOf(sum) / <f32>width + epsilon), by = f32x4.splat(rstd);
    store<f32>(stats, mean);
    store<f32>(stats, rstd, 4);
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i, h = f32x4.mul(f32x4.sub(quad(x + i, left, 0), m), by);
      put(y + i, left, f32x4.add(f32x4.mul(h, quad(gain + i, left, 0)), quad(bias + i, left, 0)));
    }
  }
}

/** dx += the gradient; dgain, dbias += theirs unless dgain is 0. */
export function layerNormBackward(
  dy: usize, x: usize, gain: usize, stats: usize, dx: usize, dgain: usize, dbias: usize, rows: i32, width: i32,
): void {
  const row = <usize>width << 2;
  for (let r = 0; r < rows; r++, x += row, dy += row, dx += row, stats += 8) {
    const m = v128.load32_splat(stats), by = v128.load32_splat(stats, 4);
    let sum = f32x4.splat(0), product = sum;
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i, d = quad(dy + i, left, 0), h = f32x4.mul(f32x4.sub(quad(x + i, left, 0), m), by);
      const f = f32x4.mul(d, quad(gain + i, left, 0));
      sum = f32x4.add(sum, f);
      product = f32x4.add(product, f32x4.mul(f, h));
      if (dgain) {
        put(dgain + i, left, f32x4.add(quad(dgain + i, left, 0), f32x4.mul(d, h)));
        put(dbias + i, left, f32x4.add(quad(dbias + i, left, 0), d));
      }
    }
    const a = f32x4.splat(sumOf(sum) / <f32>width), b = f32x4.splat(sumOf(product) / <f32>width);
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i, h = f32x4.mul(f32x4.sub(quad(x + i, left, 0), m), by);
      const f = f32x4.mul(quad(dy + i, left, 0), quad(gain + i, left, 0));
      const through = f32x4.mul(by, f32x4.sub(f32x4.sub(f, a), f32x4.mul(h, b)));
      put(dx + i, left, f32x4.add(quad(dx + i, left, 0), through));
    }
  }
}
