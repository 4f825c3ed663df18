// Sums and products of vectors, and AdamW. Arrays are byte offsets into the imported memory; `count`, `rows`
// and `width` count values and need not be multiples of four.

import { put, quad, sumOf } from '../quad';

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** y += x */
export function add(y: usize, x: usize, count: i32): void {
  let left = <usize>count << 2;
  for (; left >= 64; left -= 64, x += 64, y += 64) {
    v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
    v128.store(y, f32x4.add(v128.load(y, 16), v128.load(x, 16)), 16);
    v128.store(y, f32x4.add(v128.load(y, 32), v128.load(x, 32)), 32);
    v128.store(y, f32x4.add(v128.load(y, 48), v128.load(x, 48)), 48);
  }
  for (; left > 0; left -= min(left, 16), x += 16, y += 16) {
    put(y, left, f32x4.add(quad(y, left, 0), quad(x, left, 0)));
  }
}

/** Every row of y += x */
export function addToRows(y: usize, x: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++, y += <usize>width << 2) add(y, x, width);
}

/** y += the rows of x, one by one */
export function addRows(y: usize, x: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++, x += <usize>width << 2) add(y, x, width);
}

/** y += x · z */
export function addProduct(y: usize, x: usize, z: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, y += 16, z += 16) {
    put(y, left, f32x4.add(quad(y, left, 0), f32x4.mul(quad(x, left, 0), quad(z, left, 0))));
  }
}

/** y = x · z */
export function multiply(x: usize, z: usize, y: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, y += 16, z += 16) {
    put(y, left, f32x4.mul(quad(x, left, 0), quad(z, left, 0)));
  }
}

/**
 * One step of AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2) on parameters p with
 * gradients g and moments m, v.
 *
 * @param keep 1 − η·λ
 * @param rate η / (1 − β₁ᵗ)
 * @param widen 1 / (1 − β₂ᵗ)
 */
export function adamW(
  p: usize, g: usize, m: usize, v: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, keep: f32, rate: f32, widen: f32,
): void {
  const rest1 = splat(<f32>1 - beta1), rest2 = splat(<f32>1 - beta2);
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), p += 16, g += 16, m += 16, v += 16) {
    const d = quad(g, left, 0);
    const first = f32x4.add(f32x4.mul(splat(beta1), quad(m, left, 0)), f32x4.mul(rest1, d));
    const second = f32x4.add(f32x4.mul(splat(beta2), quad(v, left, 0)), f32x4.mul(rest2, f32x4.mul(d, d)));
    put(m, left, first);
    put(v, left, second);
    const spread = f32x4.add(f32x4.sqrt(f32x4.mul(second, splat(widen))), splat(epsilon));
    const step = f32x4.div(f32x4.mul(splat(rate), first), spread);
    put(p, left, f32x4.sub(f32x4.mul(quad(p, left, 0), splat(keep)), step));
  }
}

/** to[r] = Σ x[r]² of every row. */
export function rowSquares(x: usize, to: usize, rows: i32, width: i32): void {
  const row = <usize>width << 2;
  for (let r = 0; r < rows; r++, x += row, to += 4) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      const v = quad(x + i, row - i, 0);
      sum = f32x4.add(sum, f32x4.mul(v, v));
    }
    store<f32>(to, sumOf(sum));
  }
}
