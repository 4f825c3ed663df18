/**
 * Pieces of keystream on their way into a piece of the sum, by twos.
 *
 * @module
 */
import type { WordMemory } from '../kernels/words.ts';

/** +1 to add a mask, −1 to subtract it. */
export type Sign = 1 | -1;

/** Adds pieces to the words at one place of a memory; two of a sign at once where words have 32 bits. */
export class PiecePairs {
  readonly #memory: WordMemory;
  readonly #target: number;
  readonly #count: number;
  readonly #wide: boolean;
  readonly #second: number;
  /** Of the piece that lies at the beginning of memory and is not added yet. */
  #waiting: Sign | undefined;

  /**
   * @param target - Where the words lie, in bytes; `count` of them, of 64 bits where `wide`.
   * @param second - Where in memory there is room for a second piece.
   */
  constructor(memory: WordMemory, target: number, count: number, wide: boolean, second: number) {
    this.#memory = memory;
    this.#target = target;
    this.#count = count;
    this.#wide = wide;
    this.#second = second;
  }

  /** Takes a piece, which it copies: it is in the sum after {@link flush} at the latest. */
  add(piece: Uint8Array, sign: Sign): void {
    const memory = this.#memory;
    if (this.#waiting === sign && !this.#wide) {
      memory.bytes.set(piece, this.#second);
      if (sign === 1) memory.addTwo32(this.#target, 0, this.#second, this.#count);
      else memory.subtractTwo32(this.#target, 0, this.#second, this.#count);
      this.#waiting = undefined;
      return;
    }
    this.flush();
    memory.bytes.set(piece);
    this.#waiting = sign;
  }

  /** Adds the piece that waits for a second one, if there is one. */
  flush(): void {
    const memory = this.#memory;
    const sign = this.#waiting;
    this.#waiting = undefined;
    if (sign === undefined) return;
    if (this.#wide) {
      if (sign === 1) memory.add64(this.#target, 0, this.#count);
      else memory.subtract64(this.#target, 0, this.#count);
    } else if (sign === 1) memory.add32(this.#target, 0, this.#count);
    else memory.subtract32(this.#target, 0, this.#count);
  }
}
