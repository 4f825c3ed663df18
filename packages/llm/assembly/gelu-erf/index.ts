// The exact GELU with its gradient, value by value. Arrays are byte offsets into the imported memory; `count` counts values
// and need not be a multiple of four.

import { exp4 } from '../exponential';
import { put, quad } from '../quad';

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** Φ(x) of the standard normal distribution from e = e^(−x²/2), by Abramowitz and Stegun 7.1.26; error < 2e-7. */
function normalBelow(x: v128, e: v128): v128 {
  const t = f32x4.div(splat(1), f32x4.add(splat(1), f32x4.mul(splat(0.23164189), f32x4.abs(x))));
  let p = f32x4.add(f32x4.mul(splat(0.5307027145), t), splat(-0.7265760135));
  p = f32x4.add(f32x4.mul(p, t), splat(0.7107068705));
  p = f32x4.add(f32x4.mul(p, t), splat(-0.142248368));
  p = f32x4.add(f32x4.mul(p, t), splat(0.127414796));
  const tail = f32x4.mul(f32x4.mul(p, t), e);
  return v128.bitselect(tail, f32x4.sub(splat(1), tail), f32x4.lt(x, splat(0)));
}

/** e^(−x²/2) */
function bell(x: v128): v128 {
  return exp4(f32x4.mul(splat(-0.5), f32x4.mul(x, x)));
}

/** y = GELU(x) = x · Φ(x), the exact form, which BERT has. */
export function geluErf(x: usize, y: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, y += 16) {
    const v = quad(x, left, 0);
    put(y, left, f32x4.mul(v, normalBelow(v, bell(v))));
  }
}

/** dy becomes the gradient with respect to x. */
export function geluErfBackward(x: usize, dy: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, dy += 16) {
    const v = quad(x, left, 0), e = bell(v);
    const slope = f32x4.add(normalBelow(v, e), f32x4.mul(f32x4.mul(v, splat(0.3989422804)), e));
    put(dy, left, f32x4.mul(quad(dy, left, 0), slope));
  }
}
