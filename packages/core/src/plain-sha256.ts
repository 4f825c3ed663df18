/**
 * SHA-256 (FIPS 180-4) in JavaScript, the same on every engine. Its constants are computed as the standard defines them: shorter than
 * a table of them.
 *
 * @module
 */

const BLOCK = 64;

/** The first 32 bits behind the point of a root of each of the first `count` primes, by Newton's steps: no more than +, −, × and ÷. */
function rootsOfPrimes(count: number, step: (root: number, prime: number) => number): Int32Array {
  const words: number[] = [];
  for (let number = 2; words.length < count; number++) {
    let divisor = 2;
    while (number % divisor !== 0) divisor++;
    if (divisor < number) continue;
    let root = number;
    // From above: the largest has settled within 20.
    for (let i = 0; i < 20; i++) root = step(root, number);
    words.push((root - Math.floor(root)) * 0x100000000);
  }
  return Int32Array.from(words);
}

const INITIAL = /* @__PURE__ */ rootsOfPrimes(8, (root, prime) => (root + prime / root) / 2);
const ROUND = /* @__PURE__ */ rootsOfPrimes(64, (root, prime) => (2 * root + prime / (root * root)) / 3);
/** The schedule of the block at hand; one for all, as nothing runs between its words. */
const WORDS = /* @__PURE__ */ new Int32Array(64);

/** Takes bytes one after another. */
export class PlainSha256 {
  readonly #state = INITIAL.slice();
  readonly #block = new Uint8Array(BLOCK);
  #length = 0;

  update(bytes: Uint8Array): this {
    let held = this.#length % BLOCK;
    let at = 0;
    this.#length += bytes.length;
    if (held > 0 && held + bytes.length >= BLOCK) {
      at = BLOCK - held;
      this.#block.set(bytes.subarray(0, at), held);
      held = 0;
      compress(this.#state, this.#block, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) compress(this.#state, bytes, at);
    if (at < bytes.length) this.#block.set(at > 0 ? bytes.subarray(at) : bytes, held);
    return this;
  }

  /** 32 bytes; once. What was hashed is erased. */
  digest(): Uint8Array<ArrayBuffer> {
    const [state, block] = [this.#state, this.#block];
    let held = this.#length % BLOCK;
    block[held++] = 0x80;
    block.fill(0, held);
    if (held > BLOCK - 8) {
      compress(state, block, 0);
      block.fill(0);
    }
    for (let i = BLOCK, bits = this.#length * 8; bits > 0; bits = Math.floor(bits / 256)) block[--i] = bits;
    compress(state, block, 0);
    const digest = new Uint8Array(32);
    for (let i = 0; i < 32; i++) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
    for (const used of [state, block, WORDS]) used.fill(0);
    return digest;
  }
}

/** 32 bytes of the parts one after another. */
export function plainSha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = new PlainSha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Section 6.2.2. */
function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++, at += 4) {
    WORDS[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const first = WORDS[i - 15];
    const last = WORDS[i - 2];
    const s0 = right(first, 7) ^ right(first, 18) ^ (first >>> 3);
    const s1 = right(last, 17) ^ right(last, 19) ^ (last >>> 10);
    WORDS[i] = s1 + WORDS[i - 7] + s0 + WORDS[i - 16];
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + WORDS[i]) | 0;
    const s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const second = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

function right(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
