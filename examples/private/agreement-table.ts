/**
 * What pairs of keys agree on, in memory that all threads share: whichever end of a pair computes it first spares the other.
 *
 * An open hash table of cells of 16 words: a state, four words of both public keys, which are as good as random, and the
 * secret. A thread that finds a cell half written computes for itself.
 *
 * @module
 */
const CELLS = 2 ** 15;
const WORDS = 16;
const TAG = 1;
const SECRET = 5;
const FREE = 0;
const WRITING = 1;
const THERE = 2;

/** Memory for a table: twice the pairs of a cohort of 128, with two keys each. */
export function agreementMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * WORDS * CELLS);
}

export class AgreementTable {
  readonly #words: Int32Array;
  readonly #tag = new Int32Array(SECRET - TAG);

  /** @param memory - From {@link agreementMemory}, of this thread or another. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** The secret of two public keys, in memory of its own, if it is known. */
  get(one: Uint8Array, other: Uint8Array): Uint8Array | undefined {
    const cell = this.#find(one, other);
    if (cell === undefined || Atomics.load(this.#words, cell) !== THERE) return undefined;
    return new Uint8Array(this.#words.slice(cell + SECRET, cell + SECRET + 8).buffer);
  }

  /** @param secret - 32 bytes; copied. */
  set(one: Uint8Array, other: Uint8Array, secret: Uint8Array): void {
    const cell = this.#find(one, other);
    if (cell === undefined || Atomics.compareExchange(this.#words, cell, FREE, WRITING) !== FREE) return;
    this.#words.set(this.#tag, cell + TAG);
    this.#words.set(new Int32Array(new Uint8Array(secret).buffer), cell + SECRET);
    Atomics.store(this.#words, cell, THERE);
  }

  /** Between rounds, when no thread asks for anything. */
  clear(): void {
    this.#words.fill(0);
  }

  /** The cell that holds the pair, or the one that it would be written to; leaves its tag behind. */
  #find(one: Uint8Array, other: Uint8Array): number | undefined {
    const tag = this.#tag;
    for (let w = 0; w < tag.length; w++) tag[w] = word(one, w) ^ word(other, w);
    for (let step = 0; step < CELLS; step++) {
      const cell = WORDS * ((tag[0] + step) & (CELLS - 1));
      const state = Atomics.load(this.#words, cell);
      // One that is being written may be this pair's or another's.
      if (state === FREE || state === WRITING) return cell;
      let same = true;
      for (let w = 0; w < tag.length; w++) same &&= this.#words[cell + TAG + w] === tag[w];
      if (same) return cell;
    }
    return undefined;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[4 * at] | (bytes[4 * at + 1] << 8) | (bytes[4 * at + 2] << 16) | (bytes[4 * at + 3] << 24);
}
