// The heart of every matrix product: four packed rows times eight packed columns. Every sum is float32 and takes its terms
// in ascending k, so tiling, packing and the engine do not show in the bits.

/** Rows packed in groups of four, k-major: to[i / 4][q][i % 4]. Rows missing in the last group repeat the first of it. */
export function packRows(a: usize, stride: usize, m: i32, k: i32, to: usize): void {
  for (let i = 0; i < m; i += 4) {
    const left = m - i;
    const s0 = a + <usize>i * stride;
    const s1 = left > 1 ? s0 + stride : s0;
    const s2 = left > 2 ? s1 + stride : s0;
    const s3 = left > 3 ? s2 + stride : s0;
    transpose(s0, s1, s2, s3, k, to + (<usize>i * <usize>k << 2), 16);
  }
}

/** Four rows of k values become k groups of four, `step` bytes apart. */
export function transpose(s0: usize, s1: usize, s2: usize, s3: usize, k: i32, to: usize, step: usize): void {
  const bytes = <usize>k << 2;
  let q: usize = 0;
  for (; q + 16 <= bytes; q += 16, to += step << 2) {
    const r0 = v128.load(s0 + q), r1 = v128.load(s1 + q), r2 = v128.load(s2 + q), r3 = v128.load(s3 + q);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(t0, t1, 0, 2));
    v128.store(to + step, v128.shuffle<f64>(t0, t1, 1, 3));
    v128.store(to + 2 * step, v128.shuffle<f64>(t2, t3, 0, 2));
    v128.store(to + 3 * step, v128.shuffle<f64>(t2, t3, 1, 3));
  }
  for (; q < bytes; q += 4, to += step) {
    store<f32>(to, load<f32>(s0 + q));
    store<f32>(to, load<f32>(s1 + q), 4);
    store<f32>(to, load<f32>(s2 + q), 8);
    store<f32>(to, load<f32>(s3 + q), 12);
  }
}

/** C[m][wide ≤ 8] (+)= alpha · rows · columns, from panels packed k-major; `stride` of c in bytes. */
export function panel(
  rows: usize, columns: usize, c: usize, stride: usize, m: i32, wide: i32, k: i32, alpha: f32, add: bool,
): void {
  const scale = f32x4.splat(alpha);
  const end = columns + (<usize>k << 5);
  let p = rows;
  for (let i = 0; i < m; i += 4) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    for (let q = columns; q < end; q += 32, p += 16) {
      const b0 = v128.load(q), b1 = v128.load(q, 16);
      const a0 = v128.load32_splat(p), a1 = v128.load32_splat(p, 4);
      c00 = f32x4.add(c00, f32x4.mul(a0, b0)); c01 = f32x4.add(c01, f32x4.mul(a0, b1));
      c10 = f32x4.add(c10, f32x4.mul(a1, b0)); c11 = f32x4.add(c11, f32x4.mul(a1, b1));
      const a2 = v128.load32_splat(p, 8), a3 = v128.load32_splat(p, 12);
      c20 = f32x4.add(c20, f32x4.mul(a2, b0)); c21 = f32x4.add(c21, f32x4.mul(a2, b1));
      c30 = f32x4.add(c30, f32x4.mul(a3, b0)); c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    }
    const to = c + <usize>i * stride;
    finish(to, c00, c01, wide, scale, add);
    if (i + 1 < m) finish(to + stride, c10, c11, wide, scale, add);
    if (i + 2 < m) finish(to + 2 * stride, c20, c21, wide, scale, add);
    if (i + 3 < m) finish(to + 3 * stride, c30, c31, wide, scale, add);
  }
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
