// Frozen weights as GGUF and QLoRA keep them: rows of blocks along k, each with its own scale.

/** 0: float32, 1: float16, 2: Q4_0, 3: Q4_1, 4: Q8_0, 5: NF4 in blocks of 64 with a float32 scale. */
export function rowBytes(kind: i32, k: i32): usize {
  if (kind == 0) return <usize>k << 2;
  if (kind == 1) return <usize>k << 1;
  if (kind == 2) return <usize>(k >> 5) * 18;
  if (kind == 3) return <usize>(k >> 5) * 20;
  if (kind == 4) return <usize>(k >> 5) * 34;
  return <usize>(k >> 6) * 36;
}

/** A finite float16. */
// @ts-ignore: decorator
@inline
export function half(from: usize): f32 {
  // The sign is widened with it, and stays once.
  return reinterpret<f32>((<i32>load<i16>(from) << 13) & 0x8fffe000) * reinterpret<f32>(0x77800000);
}

/** Sixteen signed bytes as d · x + m. */
function spread(bytes: v128, d: v128, m: v128, to: usize): void {
  const low = i16x8.extend_low_i8x16_s(bytes);
  const high = i16x8.extend_high_i8x16_s(bytes);
  v128.store(to, affine(i32x4.extend_low_i16x8_s(low), d, m));
  v128.store(to, affine(i32x4.extend_high_i16x8_s(low), d, m), 16);
  v128.store(to, affine(i32x4.extend_low_i16x8_s(high), d, m), 32);
  v128.store(to, affine(i32x4.extend_high_i16x8_s(high), d, m), 48);
}

// @ts-ignore: decorator
@inline
function affine(x: v128, d: v128, m: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(x), d), m);
}

/** Sixteen indices into NF4's table, times d: the four bytes of each float32 are looked up and woven together. */
function lookUp(index: v128, d: v128, to: usize): void {
  const b0 = i8x16.swizzle(i8x16(0, -79, 48, -96, 77, 63, 113, 0, -1, -29, -35, 58, -72, -85, -77, 0), index);
  const b1 = i8x16.swizzle(i8x16(0, 57, 107, 50, -94, 53, 120, 0, -6, -54, 4, 3, -92, 7, 19, 0), index);
  const b2 = i8x16.swizzle(i8x16(-128, 50, 6, -54, -111, 61, -70, 0, -94, 36, 124, -83, -31, 16, 57, -128), index);
  const b3 = i8x16.swizzle(i8x16(-65, -65, -65, -66, -66, -66, -67, 0, 61, 62, 62, 62, 62, 63, 63, 63), index);
  const l01 = v128.shuffle<i8>(b0, b1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const h01 = v128.shuffle<i8>(b0, b1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const l23 = v128.shuffle<i8>(b2, b3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const h23 = v128.shuffle<i8>(b2, b3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, f32x4.mul(d, v128.shuffle<i16>(l01, l23, 0, 8, 1, 9, 2, 10, 3, 11)));
  v128.store(to, f32x4.mul(d, v128.shuffle<i16>(l01, l23, 4, 12, 5, 13, 6, 14, 7, 15)), 16);
  v128.store(to, f32x4.mul(d, v128.shuffle<i16>(h01, h23, 0, 8, 1, 9, 2, 10, 3, 11)), 32);
  v128.store(to, f32x4.mul(d, v128.shuffle<i16>(h01, h23, 4, 12, 5, 13, 6, 14, 7, 15)), 48);
}

/** k values, whole blocks of their kind, as float32. */
export function dequantize(kind: i32, from: usize, k: i32, to: usize): void {
  if (kind == 0) {
    memory.copy(to, from, <usize>k << 2);
    return;
  }
  if (kind == 1) {
    for (let i = 0; i < k; i++, from += 2, to += 4) store<f32>(to, half(from));
    return;
  }
  const low = i8x16.splat(15), zero = f32x4.splat(0);
  if (kind == 5) {
    for (; k > 0; k -= 64, from += 36, to += 256) {
      const d = v128.load32_splat(from), q = v128.load(from, 4), r = v128.load(from, 20);
      lookUp(v128.and(q, low), d, to);
      lookUp(i8x16.shr_u(q, 4), d, to + 64);
      lookUp(v128.and(r, low), d, to + 128);
      lookUp(i8x16.shr_u(r, 4), d, to + 192);
    }
    return;
  }
  for (; k > 0; k -= 32, to += 128) {
    const d = f32x4.splat(half(from));
    if (kind == 4) {
      spread(v128.load(from, 2), d, zero, to);
      spread(v128.load(from, 18), d, zero, to + 64);
      from += 34;
    } else if (kind == 3) {
      const m = f32x4.splat(half(from + 2)), q = v128.load(from, 4);
      spread(v128.and(q, low), d, m, to);
      spread(i8x16.shr_u(q, 4), d, m, to + 64);
      from += 20;
    } else {
      const q = v128.load(from, 2), eight = i8x16.splat(8);
      spread(i8x16.sub(v128.and(q, low), eight), d, zero, to);
      spread(i8x16.sub(i8x16.shr_u(q, 4), eight), d, zero, to + 64);
      from += 18;
    }
  }
}
