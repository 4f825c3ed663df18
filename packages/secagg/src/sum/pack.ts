/**
 * Integers of 2 to 52 bits on the wire without gaps: least significant bit first, so that 1, 3, 7, 15 in five bits are
 * the bytes 61 9c 07. The last byte is filled with zeros.
 *
 * In memory a value of up to 32 bits is one little-endian 32-bit word, a wider one two.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';

/** Bytes that `length` values of `bits` bits take. */
export function packedBytes(length: number, bits: number): number {
  return Math.ceil((length * bits) / 8);
}

/**
 * Packs the low `bits` bits of each value; higher ones are cut off.
 *
 * @param words - One word a value where `bits` ≤ 32, else two, low first.
 */
export function packWords(words: Uint32Array, length: number, bits: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.ceil((length * bits) / 32) * 4);
  const view = new DataView(out.buffer);
  const wide = bits > 32;
  const low = wide ? 32 : bits;
  const lowMask = low === 32 ? 0xffffffff : (1 << low) - 1;
  const high = bits - low;
  const highMask = (1 << high) - 1;
  let held = 0;
  let used = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const value = words[wide ? 2 * i : i] & lowMask;
    held |= value << used;
    used += low;
    if (used >= 32) {
      view.setInt32(at, held, true);
      at += 4;
      used -= 32;
      held = used === 0 ? 0 : value >>> (low - used);
    }
    if (wide) {
      const upper = words[2 * i + 1] & highMask;
      held |= upper << used;
      used += high;
      if (used >= 32) {
        view.setInt32(at, held, true);
        at += 4;
        used -= 32;
        held = used === 0 ? 0 : upper >>> (high - used);
      }
    }
  }
  if (used > 0) view.setInt32(at, held, true);
  return out.subarray(0, packedBytes(length, bits));
}

/**
 * Refuses bytes that are not `length` packed values.
 *
 * @throws FedkitError `DECODE_FAILED` for another number of bytes or a set bit after the last value.
 */
export function checkPacked(packed: Uint8Array, length: number, bits: number): void {
  if (packed.length !== packedBytes(length, bits)) {
    refuse('DECODE_FAILED', 'unpackWords', `${packedBytes(length, bits)} for ${length} values`, packed.length);
  }
  const spare = packed.length * 8 - length * bits;
  if (spare > 0 && packed[packed.length - 1] >>> (8 - spare) !== 0) {
    refuse('DECODE_FAILED', 'unpackWords', 'zeros after the last value', packed.length);
  }
}

/** Unpacks what {@link checkPacked} accepts into words. */
export function unpackWords(packed: Uint8Array, length: number, bits: number, words: Uint32Array): void {
  // A copy on a word boundary with two words to spare.
  const source = new Uint32Array((packed.length >> 2) + 2);
  new Uint8Array(source.buffer).set(packed);
  const wide = bits > 32;
  const low = wide ? 32 : bits;
  const lowMask = low === 32 ? 0xffffffff : (1 << low) - 1;
  const high = bits - low;
  const highMask = (1 << high) - 1;
  let at = 0;
  let used = 0;
  for (let i = 0; i < length; i++) {
    let value = source[at] >>> used;
    if (used > 0) value |= source[at + 1] << (32 - used);
    words[wide ? 2 * i : i] = value & lowMask;
    used += low;
    if (used >= 32) {
      used -= 32;
      at++;
    }
    if (wide) {
      let upper = source[at] >>> used;
      if (used > 0) upper |= source[at + 1] << (32 - used);
      words[2 * i + 1] = upper & highMask;
      used += high;
      if (used >= 32) {
        used -= 32;
        at++;
      }
    }
  }
}
