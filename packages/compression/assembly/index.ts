// Kernels on one tile of at most 2^14 values. Every float operation is the plain twin's, in its order: plain.ts.

// @ts-nocheck
/** Stages `from`, 2·from, … n/2 of the Walsh-Hadamard transform, in place; from is 1 or ≥ 4, n a power of two ≥ 16. */
export function transform(x: usize, n: i32, from: i32): void {
  let h = from;
  if (h == 1) {
    const odd = i32x4(0, 0x80000000, 0, 0x80000000);
    const high = i32x4(0, 0, 0x80000000, 0x80000000);
    const end = x + (n << 2);
    for (let p = x; p < end; p += 16) {
      let v = v128.load(p);
      v = f32x4.add(v128.shuffle<f32>(v, v, 1, 0, 3, 2), v128.xor(v, odd));
      v = f32x4.add(v128.shuffle<f32>(v, v, 2, 3, 0, 1), v128.xor(v, high));
      v128.store(p, v);
    }
    h = 4;
  }
  // An odd number of stages takes one of radix 2 first.
  if (ctz(n / h) & 1) {
    for (let i = 0; i < n; i += h << 1) {
      const step = h << 2;
      let p = x + (i << 2);
      const end = p + step;
      for (; p < end; p += 16) {
        const a = v128.load(p);
        const b = v128.load(p + step);
        v128.store(p, f32x4.add(a, b));
        v128.store(p + step, f32x4.sub(a, b));
      }
    }
    h <<= 1;
  }
  for (; h < n; h <<= 2) {
    const one = h << 2;
    const two = one << 1;
    const three = one + two;
    for (let i = 0; i < n; i += h << 2) {
      let p = x + (i << 2);
      const end = p + one;
      for (; p < end; p += 16) {
        const a = v128.load(p);
        const b = v128.load(p + one);
        const c = v128.load(p + two);
        const d = v128.load(p + three);
        const s = f32x4.add(a, b);
        const t = f32x4.sub(a, b);
        const u = f32x4.add(c, d);
        const v = f32x4.sub(c, d);
        v128.store(p, f32x4.add(s, u));
        v128.store(p + one, f32x4.add(t, v));
        v128.store(p + two, f32x4.sub(s, u));
        v128.store(p + three, f32x4.sub(t, v));
      }
    }
  }
}

/** Flips the sign of value i where bit i of `signs` is set, and multiplies by `scale`. */
export function flip(x: usize, signs: usize, n: i32, scale: f32): void {
  const lanes = i32x4(1, 2, 4, 8);
  const top = i32x4.splat(0x80000000);
  const factor = f32x4.splat(scale);
  for (let i = 0; i < n; i += 4) {
    const nibble = i32x4.splat(load<u8>(signs + (i >> 3)) >> (i & 4));
    const mask = v128.and(i32x4.eq(v128.and(nibble, lanes), lanes), top);
    const p = x + (i << 2);
    v128.store(p, f32x4.mul(v128.xor(v128.load(p), mask), factor));
  }
}

/** Σ x²; four partial sums in float64, element i in sum i mod 4. */
export function sumOfSquares(x: usize, n: i32): f64 {
  let s = f64x2.splat(0);
  let t = f64x2.splat(0);
  for (let i = 0; i < n; i += 4) {
    const v = v128.load(x + (i << 2));
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
    s = f64x2.add(s, f64x2.mul(low, low));
    t = f64x2.add(t, f64x2.mul(high, high));
  }
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1) + (f64x2.extract_lane(t, 0) + f64x2.extract_lane(t, 1));
}

// @inline
function cell(v: v128, bounds: usize, count: i32, half: v128): v128 {
  const magnitude = f32x4.abs(v);
  let index = i32x4.splat(0);
  for (let j = 0; j < count; j++) {
    index = i32x4.sub(index, f32x4.gt(magnitude, v128.load_splat<f32>(bounds + (j << 2))));
  }
  return i32x4.add(half, v128.xor(index, f32x4.lt(v, f32x4.splat(0))));
}

/** codes[i] = the cell of x[i] among 2·(count + 1), ascending; reads and writes up to the next multiple of 16. */
export function quantize(x: usize, n: i32, bounds: usize, count: i32, codes: usize): void {
  const half = i32x4.splat(count + 1);
  for (let i = 0; i < n; i += 16) {
    const p = x + (i << 2);
    const a = cell(v128.load(p), bounds, count, half);
    const b = cell(v128.load(p, 16), bounds, count, half);
    const c = cell(v128.load(p, 32), bounds, count, half);
    const d = cell(v128.load(p, 48), bounds, count, half);
    v128.store(codes + i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d)));
  }
}

/** out[0] = Σ x·q, out[1] = Σ q² with q = table[codes]; four partial sums each, element i in sum i mod 4. */
export function moments(x: usize, codes: usize, n: i32, table: usize, out: usize): void {
  let a0: f64 = 0, a1: f64 = 0, a2: f64 = 0, a3: f64 = 0;
  let b0: f64 = 0, b1: f64 = 0, b2: f64 = 0, b3: f64 = 0;
  let i = 0;
  for (; i < n - 3; i += 4) {
    const c = load<u32>(codes + i);
    const p = x + (i << 2);
    const q0 = <f64>load<f32>(table + ((c & 255) << 2));
    const q1 = <f64>load<f32>(table + (((c >> 8) & 255) << 2));
    const q2 = <f64>load<f32>(table + (((c >> 16) & 255) << 2));
    const q3 = <f64>load<f32>(table + ((c >> 24) << 2));
    a0 += <f64>load<f32>(p) * q0;
    a1 += <f64>load<f32>(p, 4) * q1;
    a2 += <f64>load<f32>(p, 8) * q2;
    a3 += <f64>load<f32>(p, 12) * q3;
    b0 += q0 * q0;
    b1 += q1 * q1;
    b2 += q2 * q2;
    b3 += q3 * q3;
  }
  for (; i < n; i++) {
    const q = <f64>load<f32>(table + (<u32>load<u8>(codes + i) << 2));
    a0 += <f64>load<f32>(x + (i << 2)) * q;
    b0 += q * q;
  }
  store<f64>(out, a0 + a1 + (a2 + a3));
  store<f64>(out, b0 + b1 + (b2 + b3), 8);
}

/** x[i] = table[codes[i]] */
export function dequantize(x: usize, codes: usize, n: i32, table: usize): void {
  for (let i = 0; i < n; i++) store<f32>(x + (i << 2), load<f32>(table + (<u32>load<u8>(codes + i) << 2)));
}

/** Packs codes of `bits` each, low bits first, eight at a time; reads codes up to the next multiple of 8. */
export function pack(codes: usize, n: i32, bits: i32, out: usize): void {
  for (let i = 0; i < n; i += 8) {
    const c = load<u64>(codes + i);
    let word: u64 = 0;
    for (let j = 0; j < 8; j++) word |= ((c >> (j << 3)) & 255) << (j * bits);
    store<u64>(out, word);
    out += bits;
  }
}

/** The inverse of pack; reads and writes up to 8 bytes beyond. */
export function unpack(packed: usize, n: i32, bits: i32, codes: usize): void {
  const mask: u64 = (1 << bits) - 1;
  for (let i = 0; i < n; i += 8) {
    const word = load<u64>(packed);
    let c: u64 = 0;
    for (let j = 0; j < 8; j++) c |= ((word >> (j * bits)) & mask) << (j << 3);
    store<u64>(codes + i, c);
    packed += bits;
  }
}

/**
 * places[…] = base + i and kept[…] = x[i] for every i < n whose magnitude's bits are ≥ `threshold` ≥ 1; 64 divides n.
 * First a mask of every 64 values, then their bits: the first two of a mask without a branch, since most have fewer.
 */
export function above(x: usize, n: i32, threshold: i32, base: i32, places: usize, kept: usize, masks: usize): i32 {
  const magnitude = i32x4.splat(0x7fffffff);
  const limit = i32x4.splat(threshold - 1);
  for (let i = 0; i < n; i += 16) {
    const p = x + (i << 2);
    const a = i32x4.gt_s(v128.and(v128.load(p), magnitude), limit);
    const b = i32x4.gt_s(v128.and(v128.load(p, 16), magnitude), limit);
    const c = i32x4.gt_s(v128.and(v128.load(p, 32), magnitude), limit);
    const d = i32x4.gt_s(v128.and(v128.load(p, 48), magnitude), limit);
    store<u16>(masks + (i >> 3), i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))));
  }
  let at: usize = 0;
  for (let i = 0; i < n; i += 64) {
    let mask = load<u64>(masks + (i >> 3));
    for (let twice = 0; twice < 2; twice++) {
      // Without a bit left this writes where the next one will be written, from within the slack.
      const j = i + <i32>ctz(mask);
      store<u32>(places + at, base + j);
      store<u32>(kept + at, load<u32>(x + (j << 2)));
      at += usize(mask != 0) << 2;
      mask &= mask - 1;
    }
    for (; mask != 0; mask &= mask - 1, at += 4) {
      const j = i + <i32>ctz(mask);
      store<u32>(places + at, base + j);
      store<u32>(kept + at, load<u32>(x + (j << 2)));
    }
  }
  return <i32>(at >> 2);
}
