// GELU in its tanh form (Hendrycks and Gimpel 2016) with its gradient, value by value. Arrays are byte offsets into the
// imported memory; `count` counts values and need not be a multiple of four. Eight values a turn share the constants, which
// engines make anew wherever their registers do not hold all of them.

import { logistic } from '../logistic';
import { put, quad } from '../quad';

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** The logistic of 2·√(2/π)·(x + 0.044715·x³): GELU is x times it. */
// @ts-ignore: decorator
@inline
function share(x: v128): v128 {
  const cube = f32x4.mul(x, f32x4.mul(x, x));
  return logistic(f32x4.mul(splat(1.5957691216), f32x4.add(x, f32x4.mul(splat(0.044715), cube))));
}

/** dGELU/dx, from the share s of x. */
// @ts-ignore: decorator
@inline
function slope(x: v128, s: v128): v128 {
  const inner = f32x4.mul(splat(1.5957691216), f32x4.add(splat(1), f32x4.mul(splat(0.134145), f32x4.mul(x, x))));
  return f32x4.add(s, f32x4.mul(f32x4.mul(x, f32x4.mul(s, f32x4.sub(splat(1), s))), inner));
}

/** {@link share} for what is left at the end of a row. */
function shareOf(x: v128): v128 {
  return share(x);
}

/** y = GELU(x) */
export function gelu(x: usize, y: usize, count: i32): void {
  let left = <usize>count << 2;
  for (; left >= 32; left -= 32, x += 32, y += 32) {
    const v = v128.load(x), w = v128.load(x, 16);
    v128.store(y, f32x4.mul(v, share(v)));
    v128.store(y, f32x4.mul(w, share(w)), 16);
  }
  for (; left > 0; left -= min(left, 16), x += 16, y += 16) {
    const v = quad(x, left, 0);
    put(y, left, f32x4.mul(v, shareOf(v)));
  }
}

/** dy becomes the gradient with respect to x. */
export function geluBackward(x: usize, dy: usize, count: i32): void {
  let left = <usize>count << 2;
  for (; left >= 32; left -= 32, x += 32, dy += 32) {
    const v = v128.load(x), w = v128.load(x, 16);
    v128.store(dy, f32x4.mul(v128.load(dy), slope(v, share(v))));
    v128.store(dy, f32x4.mul(v128.load(dy, 16), slope(w, share(w))), 16);
  }
  for (; left > 0; left -= min(left, 16), x += 16, dy += 16) {
    const v = quad(x, left, 0);
    put(dy, left, f32x4.mul(quad(dy, left, 0), slope(v, shareOf(v))));
  }
}
