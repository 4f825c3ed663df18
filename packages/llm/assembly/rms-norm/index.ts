// RMS norm with its gradient. Arrays are byte offsets into the imported memory; rows need not be
// multiples of four values. Sums over a row have four lanes, added as (0 + 1) + (2 + 3).

import { put, quad, sumOf } from '../quad';

/** y = x · rstd · gain with rstd = 1 / √(mean x² + ε) (Zhang and Sennrich 2019); stats [rows] keeps rstd. */
export function rmsNorm(x: usize, gain: usize, y: usize, stats: usize, rows: i32, width: i32, epsilon: f32): void {
  const row = <usize>width << 2;
  for (let r = 0; r < rows; r++, x += row, y += row, stats += 4) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      const v = quad(x + i, row - i, 0);
      sum = f32x4.add(sum, f32x4.mul(v, v));
    }
    const rstd = <f32>1 / sqrt<f32>(sumOf(sum) / <f32>width + epsilon);
    store<f32>(stats, rstd);
    const by = f32x4.splat(rstd);
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i;
      put(y + i, left, f32x4.mul(f32x4.mul(quad(x + i, left, 0), by), quad(gain + i, left, 0)));
    }
  }
}

/** dx += the gradient; dgain += its own unless it is 0. */
export function rmsNormBackward(
  dy: usize, x: usize, gain: usize, stats: usize, dx: usize, dgain: usize, rows: i32, width: i32,
): void {
  const row = <usize>width << 2;
  for (let r = 0; r < rows; r++, x += row, dy += row, dx += row, stats += 4) {
    const by = v128.load32_splat(stats);
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i, d = quad(dy + i, left, 0), h = f32x4.mul(quad(x + i, left, 0), by);
      sum = f32x4.add(sum, f32x4.mul(f32x4.mul(d, quad(gain + i, left, 0)), h));
      if (dgain) put(dgain + i, left, f32x4.add(quad(dgain + i, left, 0), f32x4.mul(d, h)));
    }
    const mean = f32x4.splat(sumOf(sum) / <f32>width);
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i, h = f32x4.mul(quad(x + i, left, 0), by);
      const f = f32x4.mul(quad(dy + i, left, 0), quad(gain + i, left, 0));
      const through = f32x4.mul(by, f32x4.sub(f, f32x4.mul(h, mean)));
      put(dx + i, left, f32x4.add(quad(dx + i, left, 0), through));
    }
  }
}
