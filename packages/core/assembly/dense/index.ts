// A dense layer's three products over a block of examples. Sums are float64, each rounded to float32 once; zero inputs are
// skipped. Rows of x have `inputs` values, rows of y and w `outputs`. Up to 16 bytes behind an array are read, never used.

import { promote } from '../promote';

const LIST: usize = 4 * 68;

// @ts-ignore: decorator
@inline
function wide(x: usize): v128 {
  return f64x2.splat(<f64>load<f32>(x));
}

/** Two float32 of a row that has `left` bytes more. */
// @ts-ignore: decorator
@inline
function storePair(to: usize, sum: v128, left: usize): void {
  const pair = f32x4.demote_f64x2_zero(sum);
  if (left > 4) v128.store64_lane(to, pair, 0);
  else v128.store32_lane(to, pair, 0);
}

/**
 * y[b][j] = bias[j] + Σ_k x[b][k] · w[k][j], where `rectified` 0 for sums below 0. The biases follow w.
 *
 * @param sums Scratch for `outputs` + 1 float64.
 * @param found Scratch for `inputs` int32.
 */
export function denseForward(
  x: usize, count: i32, inputs: i32, w: usize, outputs: i32, y: usize, rectified: bool, sums: usize, found: usize,
): void {
  const row = <usize>outputs << 2;
  const bias = w + <usize>inputs * row;
  const sumsEnd = sums + (row << 1);
  for (; count > 0; count--) {
    for (let j: usize = 0; j < row; j += 4) store<f64>(sums + (j << 1), <f64>load<f32>(bias + j));
    let end = found;
    for (let k = 0; k < inputs; k += 4) {
      let mask = i32x4.bitmask(f32x4.ne(v128.load(x + (<usize>k << 2)), f32x4.splat(0)));
      if (inputs - k < 4) mask &= (1 << (inputs - k)) - 1;
      for (; mask != 0; mask &= mask - 1, end += 4) store<i32>(end, k + ctz(mask));
    }
    let next = found;
    for (; next + 16 <= end; next += 16) {
      const k0 = <usize>load<i32>(next), k1 = <usize>load<i32>(next, 4);
      const k2 = <usize>load<i32>(next, 8), k3 = <usize>load<i32>(next, 12);
      const x0 = wide(x + (k0 << 2)), x1 = wide(x + (k1 << 2)), x2 = wide(x + (k2 << 2)), x3 = wide(x + (k3 << 2));
      let w0 = w + k0 * row, w1 = w + k1 * row, w2 = w + k2 * row, w3 = w + k3 * row;
      for (let s = sums; s < sumsEnd; s += 16, w0 += 8, w1 += 8, w2 += 8, w3 += 8) {
        const a = f64x2.add(f64x2.mul(x0, promote(w0, 0)), f64x2.mul(x1, promote(w1, 0)));
        const b = f64x2.add(f64x2.mul(x2, promote(w2, 0)), f64x2.mul(x3, promote(w3, 0)));
        v128.store(s, f64x2.add(v128.load(s), f64x2.add(a, b)));
      }
    }
    for (; next < end; next += 4) {
      const k = <usize>load<i32>(next);
      const xk = wide(x + (k << 2));
      let wk = w + k * row;
      for (let s = sums; s < sumsEnd; s += 16, wk += 8) {
        v128.store(s, f64x2.add(v128.load(s), f64x2.mul(xk, promote(wk, 0))));
      }
    }
    for (let s = sums; s < sumsEnd; s += 8, y += 4) {
      const sum = load<f64>(s);
      store<f32>(y, rectified && sum < 0 ? 0 : <f32>sum);
    }
    x += <usize>inputs << 2;
  }
}

/**
 * dw[k][j] = Σ_b x[b][k] · dy[b][j] over `count` ≤ 64 examples, on top of what is there if `add`.
 *
 * @param lists Scratch of 4 · 68 int32: for each of four columns the examples in which it is not 0.
 */
export function denseWeightGradient(
  x: usize, count: i32, inputs: i32, dy: usize, outputs: i32, dw: usize, add: bool, lists: usize,
): void {
  const stride = <usize>inputs << 2;
  const row = <usize>outputs << 2;
  if (!add) memory.fill(dw, 0, <usize>inputs * row);
  for (const last = x + stride; x < last; x += 16) {
    let e0 = lists, e1 = lists + LIST, e2 = lists + 2 * LIST, e3 = lists + 3 * LIST;
    for (let b = 0, at = x; b < count; b++, at += stride) {
      const mask = i32x4.bitmask(f32x4.ne(v128.load(at), f32x4.splat(0)));
      if (mask == 0) continue;
      store<i32>(e0, b);
      store<i32>(e1, b);
      store<i32>(e2, b);
      store<i32>(e3, b);
      e0 += (mask & 1) << 2;
      e1 += (mask & 2) << 1;
      e2 += mask & 4;
      e3 += (mask & 8) >> 1;
    }
    for (let c: usize = 0; c < 16 && x + c < last; c += 4, dw += row) {
      const list = lists + (c >> 2) * LIST;
      const end = c == 0 ? e0 : c == 4 ? e1 : c == 8 ? e2 : e3;
      const active = end - list;
      if (active == 0) continue;
      const column = x + c;
      if (!add && active <= 16) {
        for (let pad = end; pad < list + 16; pad += 4) store<i32>(pad, load<i32>(list));
        const b0 = <usize>load<i32>(list), b1 = <usize>load<i32>(list, 4);
        const b2 = <usize>load<i32>(list, 8), b3 = <usize>load<i32>(list, 12);
        const none = f64x2.splat(0);
        const x0 = wide(column + b0 * stride), x1 = active > 4 ? wide(column + b1 * stride) : none;
        const x2 = wide(column + b2 * stride), x3 = active > 12 ? wide(column + b3 * stride) : none;
        const y0 = dy + b0 * row, y1 = dy + b1 * row, y2 = dy + b2 * row, y3 = dy + b3 * row;
        for (let j: usize = 0; j < row; j += 8) {
          let sum = f64x2.add(f64x2.mul(x0, promote(y0, j)), f64x2.mul(x1, promote(y1, j)));
          if (active > 8) {
            sum = f64x2.add(sum, f64x2.add(f64x2.mul(x2, promote(y2, j)), f64x2.mul(x3, promote(y3, j))));
          }
          storePair(dw + j, sum, row - j);
        }
        continue;
      }
      for (let j: usize = 0; j < row; j += 8) {
        let sum = promote(dw, j);
        let next = list;
        for (; next + 16 <= end; next += 16) {
          const b0 = <usize>load<i32>(next), b1 = <usize>load<i32>(next, 4);
          const b2 = <usize>load<i32>(next, 8), b3 = <usize>load<i32>(next, 12);
          const p = f64x2.mul(wide(column + b0 * stride), promote(dy + b0 * row, j));
          const q = f64x2.mul(wide(column + b1 * stride), promote(dy + b1 * row, j));
          const r = f64x2.mul(wide(column + b2 * stride), promote(dy + b2 * row, j));
          const t = f64x2.mul(wide(column + b3 * stride), promote(dy + b3 * row, j));
          sum = f64x2.add(sum, f64x2.add(f64x2.add(p, q), f64x2.add(r, t)));
        }
        for (; next < end; next += 4) {
          const b = <usize>load<i32>(next);
          sum = f64x2.add(sum, f64x2.mul(wide(column + b * stride), promote(dy + b * row, j)));
        }
        storePair(dw + j, sum, row - j);
      }
    }
  }
}

/** dx[b][k] = Σ_j dy[b][j] · w[k][j] where x[b][k] > 0, else 0; as four sums over j modulo 4. */
export function denseInputGradient(
  x: usize, count: i32, inputs: i32, dy: usize, outputs: i32, w: usize, dx: usize,
): void {
  const row = <usize>outputs << 2;
  const wEnd = w + <usize>inputs * row;
  for (; count > 0; count--, dy += row) {
    for (let wk = w; wk < wEnd; wk += row, x += 4, dx += 4) {
      if (!(load<f32>(x) > 0)) {
        store<f32>(dx, 0);
        continue;
      }
      let low = f64x2.splat(0), high = low;
      let j: usize = 0;
      for (; j + 16 <= row; j += 16) {
        low = f64x2.add(low, f64x2.mul(promote(dy, j), promote(wk, j)));
        high = f64x2.add(high, f64x2.mul(promote(dy + 8, j), promote(wk + 8, j)));
      }
      let first = f64x2.extract_lane(low, 0);
      for (; j < row; j += 4) first += <f64>load<f32>(dy + j) * <f64>load<f32>(wk + j);
      const rest = f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1);
      store<f32>(dx, <f32>(first + f64x2.extract_lane(low, 1) + rest));
    }
  }
}
