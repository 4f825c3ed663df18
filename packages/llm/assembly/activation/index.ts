// Activations with their gradients, value by value. Arrays are byte offsets into the imported memory; `count`, `rows`
// and `width` count values and need not be multiples of four.

import { exp4 } from '../exponential';
import { put, quad } from '../quad';

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** 1 / (1 + e^−x) */
function logistic(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))));
}

/** 2·√(2/π)·(x + 0.044715·x³): tanh-GELU is x · logistic of it. */
function geluArgument(x: v128): v128 {
  const cube = f32x4.mul(x, f32x4.mul(x, x));
  return f32x4.mul(splat(1.5957691216), f32x4.add(x, f32x4.mul(splat(0.044715), cube)));
}

/** y = GELU(x) in its tanh form (Hendrycks and Gimpel 2016). */
export function gelu(x: usize, y: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, y += 16) {
    const v = quad(x, left, 0);
    put(y, left, f32x4.mul(v, logistic(geluArgument(v))));
  }
}

/** dy becomes the gradient with respect to x. */
export function geluBackward(x: usize, dy: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), x += 16, dy += 16) {
    const v = quad(x, left, 0), s = logistic(geluArgument(v));
    const slope = f32x4.mul(splat(1.5957691216), f32x4.add(splat(1), f32x4.mul(splat(0.134145), f32x4.mul(v, v))));
    const bend = f32x4.mul(f32x4.mul(v, f32x4.mul(s, f32x4.sub(splat(1), s))), slope);
    put(dy, left, f32x4.mul(quad(dy, left, 0), f32x4.add(s, bend)));
  }
}

/** y = SiLU(gate) · up: the gated unit of Shazeer 2020, https://arxiv.org/abs/2002.05202 */
export function swiglu(gate: usize, up: usize, y: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16), gate += 16, up += 16, y += 16) {
    const v = quad(gate, left, 0);
    put(y, left, f32x4.mul(f32x4.mul(v, logistic(v)), quad(up, left, 0)));
  }
}

/** dgate and dup from dy; dy itself may be either of them. */
export function swigluBackward(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, count: i32): void {
  for (let left = <usize>count << 2; left > 0; left -= min(left, 16)) {
    const v = quad(gate, left, 0), s = logistic(v), d = quad(dy, left, 0), silu = f32x4.mul(v, s);
    const slope = f32x4.add(s, f32x4.mul(silu, f32x4.sub(splat(1), s)));
    const through = f32x4.mul(f32x4.mul(d, quad(up, left, 0)), slope);
    put(dgate, left, through);
    put(dup, left, f32x4.mul(d, silu));
    gate += 16; up += 16; dy += 16; dgate += 16; dup += 16;
  }
}
