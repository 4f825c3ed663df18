// Adding and subtracting keystream words in place. Offsets are bytes, multiples of 16; counts are 32-bit or 64-bit
// words. Arithmetic wraps, which is what a ring of 2^bits wants: its bits are cut off once, at the end.

export function add32(target: usize, source: usize, count: i32): void {
  const vectors = count & ~15;
  const end = target + (<usize>vectors << 2);
  while (target < end) {
    v128.store(target, i32x4.add(v128.load(target), v128.load(source)));
    v128.store(target, i32x4.add(v128.load(target, 16), v128.load(source, 16)), 16);
    v128.store(target, i32x4.add(v128.load(target, 32), v128.load(source, 32)), 32);
    v128.store(target, i32x4.add(v128.load(target, 48), v128.load(source, 48)), 48);
    target += 64;
    source += 64;
  }
  for (let i = vectors; i < count; i++) {
    store<u32>(target, load<u32>(target) + load<u32>(source));
    target += 4;
    source += 4;
  }
}

export function subtract32(target: usize, source: usize, count: i32): void {
  const vectors = count & ~15;
  const end = target + (<usize>vectors << 2);
  while (target < end) {
    v128.store(target, i32x4.sub(v128.load(target), v128.load(source)));
    v128.store(target, i32x4.sub(v128.load(target, 16), v128.load(source, 16)), 16);
    v128.store(target, i32x4.sub(v128.load(target, 32), v128.load(source, 32)), 32);
    v128.store(target, i32x4.sub(v128.load(target, 48), v128.load(source, 48)), 48);
    target += 64;
    source += 64;
  }
  for (let i = vectors; i < count; i++) {
    store<u32>(target, load<u32>(target) - load<u32>(source));
    target += 4;
    source += 4;
  }
}

// Two sources at once: the sum is read and written half as often.

export function addTwo32(target: usize, first: usize, second: usize, count: i32): void {
  const vectors = count & ~15;
  const end = target + (<usize>vectors << 2);
  while (target < end) {
    v128.store(target, i32x4.add(v128.load(target), i32x4.add(v128.load(first), v128.load(second))));
    v128.store(target, i32x4.add(v128.load(target, 16), i32x4.add(v128.load(first, 16), v128.load(second, 16))), 16);
    v128.store(target, i32x4.add(v128.load(target, 32), i32x4.add(v128.load(first, 32), v128.load(second, 32))), 32);
    v128.store(target, i32x4.add(v128.load(target, 48), i32x4.add(v128.load(first, 48), v128.load(second, 48))), 48);
    target += 64;
    first += 64;
    second += 64;
  }
  for (let i = vectors; i < count; i++) {
    store<u32>(target, load<u32>(target) + (load<u32>(first) + load<u32>(second)));
    target += 4;
    first += 4;
    second += 4;
  }
}

export function subtractTwo32(target: usize, first: usize, second: usize, count: i32): void {
  const vectors = count & ~15;
  const end = target + (<usize>vectors << 2);
  while (target < end) {
    v128.store(target, i32x4.sub(v128.load(target), i32x4.add(v128.load(first), v128.load(second))));
    v128.store(target, i32x4.sub(v128.load(target, 16), i32x4.add(v128.load(first, 16), v128.load(second, 16))), 16);
    v128.store(target, i32x4.sub(v128.load(target, 32), i32x4.add(v128.load(first, 32), v128.load(second, 32))), 32);
    v128.store(target, i32x4.sub(v128.load(target, 48), i32x4.add(v128.load(first, 48), v128.load(second, 48))), 48);
    target += 64;
    first += 64;
    second += 64;
  }
  for (let i = vectors; i < count; i++) {
    store<u32>(target, load<u32>(target) - (load<u32>(first) + load<u32>(second)));
    target += 4;
    first += 4;
    second += 4;
  }
}

export function add64(target: usize, source: usize, count: i32): void {
  const vectors = count & ~3;
  const end = target + (<usize>vectors << 3);
  while (target < end) {
    v128.store(target, i64x2.add(v128.load(target), v128.load(source)));
    v128.store(target, i64x2.add(v128.load(target, 16), v128.load(source, 16)), 16);
    target += 32;
    source += 32;
  }
  for (let i = vectors; i < count; i++) {
    store<u64>(target, load<u64>(target) + load<u64>(source));
    target += 8;
    source += 8;
  }
}

export function subtract64(target: usize, source: usize, count: i32): void {
  const vectors = count & ~3;
  const end = target + (<usize>vectors << 3);
  while (target < end) {
    v128.store(target, i64x2.sub(v128.load(target), v128.load(source)));
    v128.store(target, i64x2.sub(v128.load(target, 16), v128.load(source, 16)), 16);
    target += 32;
    source += 32;
  }
  for (let i = vectors; i < count; i++) {
    store<u64>(target, load<u64>(target) - load<u64>(source));
    target += 8;
    source += 8;
  }
}

// The low `bits` bits of each word, packed from `target` on, least significant bit first; zeros fill the last four bytes.

export function pack32(target: usize, source: usize, count: i32, bits: u32): void {
  const mask: u64 = (<u64>1 << bits) - 1;
  let held: u64 = 0;
  let used: u32 = 0;
  for (let i = 0; i < count; i++) {
    held |= (<u64>load<u32>(source) & mask) << used;
    used += bits;
    if (used >= 32) {
      store<u32>(target, <u32>held);
      target += 4;
      held >>= 32;
      used -= 32;
    }
    source += 4;
  }
  if (used > 0) store<u32>(target, <u32>held);
}

export function pack64(target: usize, source: usize, count: i32, bits: u32): void {
  const high = bits - 32;
  const mask: u64 = (<u64>1 << high) - 1;
  let held: u64 = 0;
  let used: u32 = 0;
  for (let i = 0; i < count; i++) {
    held |= <u64>load<u32>(source) << used;
    store<u32>(target, <u32>held);
    target += 4;
    held = (held >> 32) | ((<u64>load<u32>(source, 4) & mask) << used);
    used += high;
    if (used >= 32) {
      store<u32>(target, <u32>held);
      target += 4;
      held >>= 32;
      used -= 32;
    }
    source += 8;
  }
  if (used > 0) store<u32>(target, <u32>held);
}

// Adding values of `bits` bits that lie packed from `source` on, least significant bit first. Each is read with one
// 64-bit load from the byte it begins in: bits + 7 ≤ 59. The last loads reach up to fifteen bytes beyond.

// Eight values fill whole bytes. Four at a time are gathered from one 128-bit load, each into the lane whose lowest byte it
// begins in; a factor per lane brings all to the same bit, from which one shift takes them. That needs 32 bits to hold a
// value and the bits before it: widths to 26, and 28, whose values begin at bit 0 or 4.

/** For each lane the four bytes that its value begins in; the first value begins at bit `phase`. */
// @ts-ignore: decorator
@inline
function places(phase: u32, bits: u32): v128 {
  let lanes = i32x4.splat(0x03020100 + (phase >> 3) * 0x01010101);
  lanes = i32x4.replace_lane(lanes, 1, 0x03020100 + ((phase + bits) >> 3) * 0x01010101);
  lanes = i32x4.replace_lane(lanes, 2, 0x03020100 + ((phase + 2 * bits) >> 3) * 0x01010101);
  return i32x4.replace_lane(lanes, 3, 0x03020100 + ((phase + 3 * bits) >> 3) * 0x01010101);
}

// @ts-ignore: decorator
@inline
function factors(phase: u32, bits: u32, shift: u32): v128 {
  let lanes = i32x4.splat(1 << (shift - (phase & 7)));
  lanes = i32x4.replace_lane(lanes, 1, 1 << (shift - ((phase + bits) & 7)));
  lanes = i32x4.replace_lane(lanes, 2, 1 << (shift - ((phase + 2 * bits) & 7)));
  return i32x4.replace_lane(lanes, 3, 1 << (shift - ((phase + 3 * bits) & 7)));
}

export function addPacked32(target: usize, source: usize, count: i32, bits: u32): void {
  const mask: u64 = (<u64>1 << bits) - 1;
  if (bits <= 26 || bits == 28) {
    const shift: u32 = min<u32>(7, 32 - bits);
    const phase = (4 * bits) & 7;
    const second = <usize>(bits >> 1);
    let places0 = places(0, bits), places1 = places(phase, bits);
    let factors0 = factors(0, bits, shift), factors1 = factors(phase, bits, shift);
    const masks = i32x4.splat(<i32>mask);
    const zero = i32x4.splat(bits >> 6);
    const end = target + ((<usize>count & ~7) << 2);
    count &= 7;
    while (target < end) {
      const a = i32x4.mul(v128.swizzle(v128.load(source), places0), factors0);
      const b = i32x4.mul(v128.swizzle(v128.load(source + second), places1), factors1);
      v128.store(target, i32x4.add(v128.load(target), v128.and(i32x4.shr_u(a, shift), masks)));
      v128.store(target, i32x4.add(v128.load(target, 16), v128.and(i32x4.shr_u(b, shift), masks)), 16);
      source += bits;
      target += 32;
      // What a loop changes stays in registers; V8 reads what it only uses from the stack, at half the speed.
      places0 = v128.or(places0, zero);
      places1 = v128.or(places1, zero);
      factors0 = v128.or(factors0, zero);
      factors1 = v128.or(factors1, zero);
    }
  }
  let bit: u64 = 0;
  for (let i = 0; i < count; i++) {
    const value = (load<u64>(source + <usize>(bit >> 3)) >> (bit & 7)) & mask;
    store<u32>(target, load<u32>(target) + <u32>value);
    target += 4;
    bit += bits;
  }
}

export function addPacked64(target: usize, source: usize, count: i32, bits: u32): void {
  const mask: u64 = (<u64>1 << bits) - 1;
  let bit: u64 = 0;
  for (let i = 0; i < count; i++) {
    const value = (load<u64>(source + <usize>(bit >> 3)) >> (bit & 7)) & mask;
    store<u64>(target, load<u64>(target) + value);
    target += 8;
    bit += bits;
  }
}
