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
// 64-bit load from the byte it begins in: bits + 7 ≤ 59. The last loads reach up to seven bytes beyond.

export function addPacked32(target: usize, source: usize, count: i32, bits: u32): void {
  const mask: u64 = (<u64>1 << bits) - 1;
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
