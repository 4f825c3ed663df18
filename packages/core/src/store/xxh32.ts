/**
 * XXH32, Yann Collet's fast checksum (https://github.com/Cyan4973/xxHash, specification of 2016): against bits that flip and files that are cut,
 * not against people.
 *
 * @module
 */

// Signed, and lanes as integers from the first: what V8 takes for floating point numbers it converts at every step.
const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const round = (lane: number, word: number): number => Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1);

/** The lanes of 16 bytes at a time. */
type Lanes = Int32Array;
const STRIPE = 16;

/** 32 bits. Any change within one 32-bit word changes them. */
export function xxh32(bytes: Uint8Array, seed: number): number {
  return new Xxh32(seed).update(bytes).digest();
}

/** {@link xxh32} of bytes that come in pieces. */
export class Xxh32 {
  readonly #seed: number;
  readonly #lanes: Lanes;
  /** What does not fill a stripe yet. */
  readonly #rest = new Uint8Array(STRIPE);
  #length = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#lanes = Int32Array.of((seed + P1 + P2) | 0, (seed + P2) | 0, seed | 0, (seed - P1) | 0);
  }

  update(bytes: Uint8Array): this {
    const held = this.#length % STRIPE;
    this.#length += bytes.length;
    let from = 0;
    if (held > 0) {
      from = Math.min(bytes.length, STRIPE - held);
      this.#rest.set(bytes.subarray(0, from), held);
      if (held + from < STRIPE) return this;
      stripes(this.#lanes, this.#rest);
    }
    const whole = bytes.length - ((bytes.length - from) % STRIPE);
    stripes(this.#lanes, bytes.subarray(from, whole));
    this.#rest.set(bytes.subarray(whole));
    return this;
  }

  digest(): number {
    const [a, b, c, d] = this.#lanes;
    const rest = this.#rest.subarray(0, this.#length % STRIPE);
    const view = new DataView(rest.buffer);
    let hash =
      this.#length >= STRIPE
        ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0
        : (this.#seed + P5) | 0;
    hash = (hash + this.#length) | 0;
    const words = rest.length - (rest.length % 4);
    for (let at = 0; at < words; at += 4) {
      hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), P3)) | 0, 17), P4);
    }
    for (let at = words; at < rest.length; at++) {
      hash = Math.imul(rotate((hash + Math.imul(rest[at], P5)) | 0, 11), P1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), P2);
    hash = Math.imul(hash ^ (hash >>> 13), P3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Whole stripes. Where words lie as this engine reads them, they are read where they lie. */
function stripes(lanes: Lanes, bytes: Uint8Array): void {
  let a = lanes[0] | 0;
  let b = lanes[1] | 0;
  let c = lanes[2] | 0;
  let d = lanes[3] | 0;
  if (LITTLE && bytes.byteOffset % 4 === 0) {
    const word = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    for (let at = 0; at < word.length; at += 4) {
      a = round(a, word[at]);
      b = round(b, word[at + 1]);
      c = round(c, word[at + 2]);
      d = round(d, word[at + 3]);
    }
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += STRIPE) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
}
