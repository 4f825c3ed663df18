// Kernels of @fedkit/core. Every argument named x, y, high, low, from, to or lanes is a byte offset into the imported
// memory; `count` is a number of float32 values and a multiple of 8 (buffers are padded with zeros). The plain twins in
// src/kernels/plain.ts give the same bits.

import { promote } from './promote';

export { gram, squaredDistance } from './distances';
export { sortColumns } from './sorting-network';

const LANES: usize = 16;

/** Where |x| ≤ limit, all ones: NaN compares false. */
// @ts-ignore: decorator
@inline
function within(x: v128, limit: v128): v128 {
  return f32x4.le(f32x4.abs(x), limit);
}

/** The pre-rounded weighted fold of two values: see src/aggregate/mean/reproducible.ts. */
// @ts-ignore: decorator
@inline
function extract(x: v128, high: usize, low: usize, weight: v128, m1: v128, m2: v128): void {
  const term = f64x2.mul(f64x2.promote_low_f32x4(x), weight);
  const coarse = f64x2.sub(f64x2.add(term, m1), m1);
  v128.store(high, f64x2.add(v128.load(high), coarse));
  const fine = f64x2.sub(f64x2.add(f64x2.sub(term, coarse), m2), m2);
  v128.store(low, f64x2.add(v128.load(low), fine));
}

/** high and low += the two roundings of weight · x; values beyond the limit count as 0. Returns whether there were none. */
export function foldReproducible(
  x: usize, count: i32, high: usize, low: usize, weight: f64, limit: f32, m1: f64, m2: f64,
): bool {
  const w = f64x2.splat(weight);
  const bound = f32x4.splat(limit);
  const a = f64x2.splat(m1);
  const b = f64x2.splat(m2);
  let good = i32x4.splat(-1);
  for (const end = x + (<usize>count << 2); x < end; x += LANES) {
    const raw = v128.load(x);
    const ok = within(raw, bound);
    good = v128.and(good, ok);
    const values = v128.and(raw, ok);
    extract(values, high, low, w, a, b);
    extract(v128.shuffle<u64>(values, values, 1, 1), high + LANES, low + LANES, w, a, b);
    high += 2 * LANES;
    low += 2 * LANES;
  }
  return i32x4.all_true(good);
}

/** to = from + weight · x in float32; values beyond the limit count as 0. Returns whether there were none. */
export function foldFloat32(x: usize, count: i32, from: usize, to: usize, weight: f32, limit: f32): bool {
  const w = f32x4.splat(weight);
  const bound = f32x4.splat(limit);
  let good = i32x4.splat(-1);
  for (const end = x + (<usize>count << 2); x < end; x += LANES) {
    const raw = v128.load(x);
    const ok = within(raw, bound);
    good = v128.and(good, ok);
    v128.store(to, f32x4.add(v128.load(from), f32x4.mul(v128.and(raw, ok), w)));
    from += LANES;
    to += LANES;
  }
  return i32x4.all_true(good);
}

/** The eight float64 at lanes += the products x[i] · y[i], i modulo 8 to a lane. */
export function dot(x: usize, y: usize, count: i32, lanes: usize): void {
  let a = v128.load(lanes);
  let b = v128.load(lanes, 16);
  let c = v128.load(lanes, 32);
  let d = v128.load(lanes, 48);
  for (const end = x + (<usize>count << 2); x < end; x += 32) {
    a = f64x2.add(a, f64x2.mul(promote(x, 0), promote(y, 0)));
    b = f64x2.add(b, f64x2.mul(promote(x, 8), promote(y, 8)));
    c = f64x2.add(c, f64x2.mul(promote(x, 16), promote(y, 16)));
    d = f64x2.add(d, f64x2.mul(promote(x, 24), promote(y, 24)));
    y += 32;
  }
  v128.store(lanes, a);
  v128.store(lanes, b, 16);
  v128.store(lanes, c, 32);
  v128.store(lanes, d, 48);
}

/** The eight float64 at lanes += |x[i]|, i modulo 8 to a lane. */
export function absoluteSum(x: usize, count: i32, lanes: usize): void {
  for (const end = x + (<usize>count << 2); x < end; x += 32) {
    for (let i: usize = 0; i < 4; i++) {
      const lane = lanes + (i << 4);
      v128.store(lane, f64x2.add(v128.load(lane), f64x2.abs(promote(x + (i << 3), 0))));
    }
  }
}

/** max |x| as the bits of a float32, whose order as integers is that of the numbers with NaN on top. */
export function absoluteMaximum(x: usize, count: i32): i32 {
  let most = i32x4.splat(0);
  for (const end = x + (<usize>count << 2); x < end; x += LANES) {
    most = i32x4.max_u(most, f32x4.abs(v128.load(x)));
  }
  most = i32x4.max_u(most, v128.shuffle<u64>(most, most, 1, 1));
  return i32(max(<u32>i32x4.extract_lane(most, 0), <u32>i32x4.extract_lane(most, 1)));
}

/** x ← float32(factor · x). */
export function scale(x: usize, count: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  for (const end = x + (<usize>count << 2); x < end; x += LANES) {
    v128.store(
      x,
      v128.shuffle<u64>(
        f32x4.demote_f64x2_zero(f64x2.mul(promote(x, 0), f)),
        f32x4.demote_f64x2_zero(f64x2.mul(promote(x, 8), f)),
        0, 2,
      ),
    );
  }
}
