// The heart of every matrix product: four packed rows times eight packed columns. Every sum is float32 and takes its terms
// in ascending k, so tiling, packing and the engine do not show in the bits. Rows come into the registers in pairs,
// r0 r1 r0 r1, and of columns every value is packed twice, c0 c0 c1 c1, so that a step of k takes six loads whose places need
// little arithmetic: the engine, not the multipliers, is what limits the loop.

/** Rows packed in groups of four, k-major: to[i / 4][q][i % 4]. Rows missing in the last group repeat the first of it. */
export function packRows(a: usize, stride: usize, m: i32, k: i32, to: usize): void {
  for (let i = 0; i < m; i += 4) {
    const left = m - i;
    const s0 = a + <usize>i * stride;
    const s1 = left > 1 ? s0 + stride : s0;
    const s2 = left > 2 ? s1 + stride : s0;
    const s3 = left > 3 ? s2 + stride : s0;
    transpose(s0, s1, s2, s3, k, to + (<usize>i * <usize>k << 2), 16, false);
  }
}

/** Four values, or each of them twice. */
// @ts-ignore: decorator
@inline
function group(to: usize, values: v128, twice: bool): void {
  if (twice) {
    v128.store(to, v128.shuffle<f32>(values, values, 0, 0, 1, 1));
    v128.store(to, v128.shuffle<f32>(values, values, 2, 2, 3, 3), 16);
  } else v128.store(to, values);
}

/** Four rows of k values become k groups of four, `step` bytes apart. */
function transpose(s0: usize, s1: usize, s2: usize, s3: usize, k: i32, to: usize, step: usize, twice: bool): void {
  const bytes = <usize>k << 2;
  let q: usize = 0;
  for (; q + 16 <= bytes; q += 16, to += step << 2) {
    const r0 = v128.load(s0 + q), r1 = v128.load(s1 + q), r2 = v128.load(s2 + q), r3 = v128.load(s3 + q);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    group(to, v128.shuffle<f64>(t0, t1, 0, 2), twice);
    group(to + step, v128.shuffle<f64>(t0, t1, 1, 3), twice);
    group(to + 2 * step, v128.shuffle<f64>(t2, t3, 0, 2), twice);
    group(to + 3 * step, v128.shuffle<f64>(t2, t3, 1, 3), twice);
  }
  for (; q < bytes; q += 4, to += step) {
    let values = f32x4.splat(load<f32>(s0 + q));
    values = f32x4.replace_lane(values, 1, load<f32>(s1 + q));
    values = f32x4.replace_lane(values, 2, load<f32>(s2 + q));
    group(to, f32x4.replace_lane(values, 3, load<f32>(s3 + q)), twice);
  }
}

/** Four columns that lie in rows, every value twice, 64 bytes a step of k. Those missing repeat the first. */
export function packHalf(from: usize, stride: usize, left: i32, k: i32, to: usize): void {
  const s1 = left > 1 ? from + stride : from;
  const s2 = left > 2 ? s1 + stride : from;
  transpose(from, s1, s2, left > 3 ? s2 + stride : from, k, to, 64, true);
}

/** Eight neighbours of every row, every value twice; 0 behind the end. */
export function packWide(from: usize, stride: usize, wide: i32, k: i32, to: usize): void {
  for (let q = 0; q < k; q++, from += stride, to += 64) {
    if (wide >= 8) {
      group(to, v128.load(from), true);
      group(to + 32, v128.load(from, 16), true);
    } else for (let t = 0; t < 8; t++) {
      const value = t < wide ? load<f32>(from + (<usize>t << 2)) : 0, at = to + (<usize>t << 3);
      store<f32>(at, value);
      store<f32>(at, value, 4);
    }
  }
}

/** C[m][wide ≤ 8] (+)= alpha · rows · columns, from panels packed k-major; `stride` of c in bytes. */
export function panel(
  rows: usize, columns: usize, c: usize, stride: usize, m: i32, wide: i32, k: i32, alpha: f32, add: bool,
): void {
  const scale = f32x4.splat(alpha);
  const end = columns + (<usize>k << 6), last1 = end - 64, last2 = end - 128;
  for (let i = 0; i < m; i += 4) {
    let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
    let a0: v128, a1: v128, b0: v128, b1: v128, b2: v128, b3: v128;
    let p = rows + (<usize>i * <usize>k << 2);
    // Three steps a turn: of a loop's own work the engine does more than a step has room for.
    for (let q = columns; q < end; q += 192, p += 48) {
      a0 = v128.load64_splat(p); a1 = v128.load64_splat(p, 8);
      b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32); b3 = v128.load(q, 48);
      c00 = f32x4.add(c00, f32x4.mul(a0, b0)); c10 = f32x4.add(c10, f32x4.mul(a1, b0));
      c01 = f32x4.add(c01, f32x4.mul(a0, b1)); c11 = f32x4.add(c11, f32x4.mul(a1, b1));
      c02 = f32x4.add(c02, f32x4.mul(a0, b2)); c12 = f32x4.add(c12, f32x4.mul(a1, b2));
      c03 = f32x4.add(c03, f32x4.mul(a0, b3)); c13 = f32x4.add(c13, f32x4.mul(a1, b3));
      if (q == last1) break;
      a0 = v128.load64_splat(p, 16); a1 = v128.load64_splat(p, 24);
      b0 = v128.load(q, 64); b1 = v128.load(q, 80); b2 = v128.load(q, 96); b3 = v128.load(q, 112);
      c00 = f32x4.add(c00, f32x4.mul(a0, b0)); c10 = f32x4.add(c10, f32x4.mul(a1, b0));
      c01 = f32x4.add(c01, f32x4.mul(a0, b1)); c11 = f32x4.add(c11, f32x4.mul(a1, b1));
      c02 = f32x4.add(c02, f32x4.mul(a0, b2)); c12 = f32x4.add(c12, f32x4.mul(a1, b2));
      c03 = f32x4.add(c03, f32x4.mul(a0, b3)); c13 = f32x4.add(c13, f32x4.mul(a1, b3));
      if (q == last2) break;
      a0 = v128.load64_splat(p, 32); a1 = v128.load64_splat(p, 40);
      b0 = v128.load(q, 128); b1 = v128.load(q, 144); b2 = v128.load(q, 160); b3 = v128.load(q, 176);
      c00 = f32x4.add(c00, f32x4.mul(a0, b0)); c10 = f32x4.add(c10, f32x4.mul(a1, b0));
      c01 = f32x4.add(c01, f32x4.mul(a0, b1)); c11 = f32x4.add(c11, f32x4.mul(a1, b1));
      c02 = f32x4.add(c02, f32x4.mul(a0, b2)); c12 = f32x4.add(c12, f32x4.mul(a1, b2));
      c03 = f32x4.add(c03, f32x4.mul(a0, b3)); c13 = f32x4.add(c13, f32x4.mul(a1, b3));
    }
    const to = c + <usize>i * stride;
    finish(to, even(c00, c01), even(c02, c03), wide, scale, add);
    if (i + 1 < m) finish(to + stride, odd(c00, c01), odd(c02, c03), wide, scale, add);
    if (i + 2 < m) finish(to + 2 * stride, even(c10, c11), even(c12, c13), wide, scale, add);
    if (i + 3 < m) finish(to + 3 * stride, odd(c10, c11), odd(c12, c13), wide, scale, add);
  }
}

// @ts-ignore: decorator
@inline
function even(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function odd(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function finish(to: usize, x: v128, y: v128, wide: i32, scale: v128, add: bool): void {
  x = f32x4.mul(x, scale);
  y = f32x4.mul(y, scale);
  if (wide >= 8) {
    if (add) {
      x = f32x4.add(x, v128.load(to));
      y = f32x4.add(y, v128.load(to, 16));
    }
    v128.store(to, x);
    v128.store(to, y, 16);
  } else finishNarrow(to, x, y, wide, add);
}

function finishNarrow(to: usize, x: v128, y: v128, wide: i32, add: bool): void {
  for (let t = 0; t < wide; t++, to += 4) {
    const value = f32x4.extract_lane(x, 0);
    store<f32>(to, add ? load<f32>(to) + value : value);
    x = v128.shuffle<f32>(x, y, 1, 2, 3, 4);
    y = v128.shuffle<f32>(y, y, 1, 2, 3, 3);
  }
}
