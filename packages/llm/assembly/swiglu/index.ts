// The gated unit of Shazeer 2020, https://arxiv.org/abs/2002.05202, with its gradient, value by value. Arrays are byte
// offsets into the imported memory; `count` counts values and need not be a multiple of four. Eight values a turn, as GELU.

import { logistic } from '../logistic';
import { put, quad } from '../quad';

/** {@link logistic} for what is left at the end of a row. */
function logisticOf(x: v128): v128 {
  return logistic(x);
}

/** SiLU(gate) · up */
// @ts-ignore: decorator
@inline
function gated(gate: v128, s: v128, up: v128): v128 {
  return f32x4.mul(f32x4.mul(gate, s), up);
}

/** y = SiLU(gate) · up */
export function swiglu(gate: usize, up: usize, y: usize, count: i32): void {
  let left = <usize>count << 2;
  for (; left >= 32; left -= 32, gate += 32, up += 32, y += 32) {
    const v = v128.load(gate), w = v128.load(gate, 16);
    v128.store(y, gated(v, logistic(v), v128.load(up)));
    v128.store(y, gated(w, logistic(w), v128.load(up, 16)), 16);
  }
  for (; left > 0; left -= min(left, 16), gate += 16, up += 16, y += 16) {
    const v = quad(gate, left, 0);
    put(y, left, gated(v, logisticOf(v), quad(up, left, 0)));
  }
}

/** The gradient with respect to the gate, silu = gate · s. */
// @ts-ignore: decorator
@inline
function through(d: v128, up: v128, s: v128, silu: v128): v128 {
  return f32x4.mul(f32x4.mul(d, up), f32x4.add(s, f32x4.mul(silu, f32x4.sub(f32x4.splat(1), s))));
}

/** dgate and dup from dy; dy itself may be either of them. */
export function swigluBackward(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, count: i32): void {
  let left = <usize>count << 2;
  for (; left >= 32; left -= 32) {
    const v = v128.load(gate), w = v128.load(gate, 16), d = v128.load(dy), e = v128.load(dy, 16);
    const s = logistic(v), t = logistic(w), silu = f32x4.mul(v, s), other = f32x4.mul(w, t);
    v128.store(dgate, through(d, v128.load(up), s, silu));
    v128.store(dgate, through(e, v128.load(up, 16), t, other), 16);
    v128.store(dup, f32x4.mul(d, silu));
    v128.store(dup, f32x4.mul(e, other), 16);
    gate += 32; up += 32; dy += 32; dgate += 32; dup += 32;
  }
  for (; left > 0; left -= min(left, 16)) {
    const v = quad(gate, left, 0), s = logisticOf(v), d = quad(dy, left, 0), silu = f32x4.mul(v, s);
    put(dgate, left, through(d, quad(up, left, 0), s, silu));
    put(dup, left, f32x4.mul(d, silu));
    gate += 16; up += 16; dy += 16; dgate += 16; dup += 16;
  }
}
