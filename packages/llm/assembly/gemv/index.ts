// Frozen weights times one row, which is what a token costs. Arrays are byte offsets into the imported memory.

import { half, rowBytes } from '../quantized/blocks';
import { sumOf } from '../quad';

@external('env', 'expand')
declare function expand(kind: i32, from: usize, stride: usize, rows: i32, k: i32, to: usize): void;

/**
 * y[n] = W · x for one row x, on top of what is there if `add`: eight partial sums, so other bits than a product of rows.
 *
 * @param scratch k + 8 values.
 */
export function gemvQuantized(kind: i32, x: usize, w: usize, y: usize, n: i32, k: i32, add: bool, scratch: usize): void {
  const bytes = rowBytes(kind, k), end = x + (<usize>k << 2);
  for (let j = 0; j < n; j++, w += bytes, y += 4) {
    let sum: f32;
    if (kind == 3) sum = q41(w, x, end);
    else if (kind == 2) sum = q40(w, x, end);
    else if (kind == 4) sum = q80(w, x, end);
    else {
      if (kind) expand(kind, w, 0, 1, k, scratch);
      sum = values(kind ? scratch : w, x, end);
    }
    store<f32>(y, add ? load<f32>(y) + sum : sum);
  }
}

function values(w: usize, x: usize, end: usize): f32 {
  let even = f32x4.splat(0), odd = even;
  for (; x + 32 <= end; x += 32, w += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(x), v128.load(w)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 16), v128.load(w, 16)));
  }
  let sum = sumOf(f32x4.add(even, odd));
  for (; x < end; x += 4, w += 4) sum += load<f32>(x) * load<f32>(w);
  return sum;
}

// What follows has the bits of a sum over expanded weights in fewer operations. A weight's bits become a float32 where they
// stand in their byte, 16 or 2²⁴ times what they mean, and the block's scale is that much smaller: powers of two round
// nothing. Adding an offset of 0 is left out, which no sum that begins at 0 can tell. The loops run at least once: what an
// engine meets in the first block of a loop it holds in registers.

// @ts-ignore: decorator
@inline
function wordsLow(bytes: v128): v128 {
  return v128.shuffle<i8>(bytes, i8x16.splat(0), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function wordsHigh(bytes: v128): v128 {
  return v128.shuffle<i8>(bytes, i8x16.splat(0), 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function low(words: v128): v128 {
  return f32x4.convert_i32x4_s(v128.shuffle<i16>(words, i8x16.splat(0), 0, 8, 1, 9, 2, 10, 3, 11));
}

// @ts-ignore: decorator
@inline
function high(words: v128): v128 {
  return f32x4.convert_i32x4_s(v128.shuffle<i16>(words, i8x16.splat(0), 4, 12, 5, 13, 6, 14, 7, 15));
}

/** Bytes at the top of words, as {@link topLow} takes them. */
// @ts-ignore: decorator
@inline
function topWordsLow(bytes: v128): v128 {
  return v128.shuffle<i8>(i8x16.splat(0), bytes, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function topWordsHigh(bytes: v128): v128 {
  return v128.shuffle<i8>(i8x16.splat(0), bytes, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Signed bytes at the top of words, times 2²⁴. */
// @ts-ignore: decorator
@inline
function topLow(words: v128): v128 {
  return f32x4.convert_i32x4_s(v128.shuffle<i16>(i8x16.splat(0), words, 0, 8, 1, 9, 2, 10, 3, 11));
}

// @ts-ignore: decorator
@inline
function topHigh(words: v128): v128 {
  return f32x4.convert_i32x4_s(v128.shuffle<i16>(i8x16.splat(0), words, 4, 12, 5, 13, 6, 14, 7, 15));
}

/** sum + x · (weight · d + m) */
// @ts-ignore: decorator
@inline
function withOffset(sum: v128, x: v128, weight: v128, d: v128, m: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, f32x4.add(f32x4.mul(weight, d), m)));
}

/** sum + x · (weight · d) */
// @ts-ignore: decorator
@inline
function scaled(sum: v128, x: v128, weight: v128, d: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, f32x4.mul(weight, d)));
}

/** Q4_1 */
function q41(w: usize, x: usize, end: usize): f32 {
  let even = f32x4.splat(0), odd = even;
  do {
    const q = v128.load(w, 4), scale = half(w);
    const m = f32x4.splat(half(w + 2)), d = f32x4.splat(scale), d16 = f32x4.splat(scale * 0.0625);
    const first = v128.and(q, i8x16.splat(15)), last = v128.and(q, i8x16.splat(-16));
    const a = wordsLow(first), b = wordsHigh(first), c = wordsLow(last), e = wordsHigh(last);
    even = withOffset(even, v128.load(x), low(a), d, m);
    odd = withOffset(odd, v128.load(x, 16), high(a), d, m);
    even = withOffset(even, v128.load(x, 32), low(b), d, m);
    odd = withOffset(odd, v128.load(x, 48), high(b), d, m);
    even = withOffset(even, v128.load(x, 64), low(c), d16, m);
    odd = withOffset(odd, v128.load(x, 80), high(c), d16, m);
    even = withOffset(even, v128.load(x, 96), low(e), d16, m);
    odd = withOffset(odd, v128.load(x, 112), high(e), d16, m);
    x += 128;
    w += 20;
  } while (x < end);
  return sumOf(f32x4.add(even, odd));
}

/** Sixteen signed bytes of a block times x, those in places 0 to 3 and 8 to 11, or the others. */
// @ts-ignore: decorator
@inline
function evenBytes(sum: v128, x: usize, a: v128, b: v128, d: v128): v128 {
  return scaled(scaled(sum, v128.load(x), topLow(a), d), v128.load(x, 32), topLow(b), d);
}

// @ts-ignore: decorator
@inline
function oddBytes(sum: v128, x: usize, a: v128, b: v128, d: v128): v128 {
  return scaled(scaled(sum, v128.load(x, 16), topHigh(a), d), v128.load(x, 48), topHigh(b), d);
}

/** Q4_0: four bits less 8 are a signed number once their highest is turned, 2²⁸ times it at the top of a word. */
function q40(w: usize, x: usize, end: usize): f32 {
  let even = f32x4.splat(0), odd = even;
  do {
    const q = v128.xor(v128.load(w, 2), i8x16.splat(-120)), d = f32x4.splat(half(w) * reinterpret<f32>(0x31800000));
    let bytes = i8x16.shl(q, 4), a = topWordsLow(bytes), b = topWordsHigh(bytes);
    even = evenBytes(even, x, a, b, d);
    odd = oddBytes(odd, x, a, b, d);
    // Never: with a branch here engines hold less at a time, and all of it in registers.
    if (x > end) break;
    bytes = v128.and(q, i8x16.splat(-16));
    a = topWordsLow(bytes);
    b = topWordsHigh(bytes);
    even = evenBytes(even, x + 64, a, b, d);
    odd = oddBytes(odd, x + 64, a, b, d);
    x += 128;
    w += 18;
  } while (x < end);
  return sumOf(f32x4.add(even, odd));
}

/** Q8_0 */
function q80(w: usize, x: usize, end: usize): f32 {
  let even = f32x4.splat(0), odd = even;
  do {
    const d = f32x4.splat(half(w) * reinterpret<f32>(0x33800000));
    let bytes = v128.load(w, 2), a = topWordsLow(bytes), b = topWordsHigh(bytes);
    even = evenBytes(even, x, a, b, d);
    odd = oddBytes(odd, x, a, b, d);
    // Never, as above.
    if (x > end) break;
    bytes = v128.load(w, 18);
    a = topWordsLow(bytes);
    b = topWordsHigh(bytes);
    even = evenBytes(even, x + 64, a, b, d);
    odd = oddBytes(odd, x + 64, a, b, d);
    x += 128;
    w += 34;
  } while (x < end);
  return sumOf(f32x4.add(even, odd));
}
