/**
 * XXH32, Yann Collet's fast checksum (https://github.com/Cyan4973/xxHash, specification of 2016): against bits that flip and files that are cut,
 * not against people.
 *
 * @module
 */

const [P1, P2, P3, P4, P5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const round = (lane: number, word: number): number => Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1);

/** 32 bits. Any change within one 32-bit word changes them. */
export function xxh32(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length >>> 2;
  const word = wordsOf(bytes, view, whole);
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    let [a, b, c, d] = [(seed + P1 + P2) | 0, (seed + P2) | 0, seed | 0, (seed - P1) | 0];
    if (word !== undefined) {
      for (const end = whole - 3; at < end; at += 4) {
        a = round(a, word[at]);
        b = round(b, word[at + 1]);
        c = round(c, word[at + 2]);
        d = round(d, word[at + 3]);
      }
    } else {
      for (const end = whole - 3; at < end; at += 4) {
        a = round(a, view.getInt32(4 * at, true));
        b = round(b, view.getInt32(4 * at + 4, true));
        c = round(c, view.getInt32(4 * at + 8, true));
        d = round(d, view.getInt32(4 * at + 12, true));
      }
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    hash = (seed + P5) | 0;
  }
  hash = (hash + bytes.length) | 0;
  for (; at < whole; at++) {
    hash = Math.imul(rotate((hash + Math.imul(view.getInt32(4 * at, true), P3)) | 0, 17), P4);
  }
  for (let i = 4 * whole; i < bytes.length; i++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[i], P5)) | 0, 11), P1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The words where they lie, if they lie as this engine reads them. */
function wordsOf(bytes: Uint8Array, view: DataView, whole: number): Int32Array | undefined {
  return LITTLE && view.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, whole) : undefined;
}
