/**
 * Random words in bulk for the samplers, and exactly uniform integers made of them.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';

/** What the samplers draw from: uniform words and uniform integers. */
export interface Draws {
  /** The next 32 bits, an integer in [0, 2^32). */
  word(): number;
  /** Uniform integer in [0, bound), exactly; `bound` an integer in [1, 2^53]. */
  below(bound: number): number;
  /** True with probability numerator/denominator, exactly; both as `below` takes them, numerator ≤ denominator. */
  bernoulli(numerator: number, denominator: number): boolean;
  /** As `below`, for integers of any size. */
  belowBig(bound: bigint): bigint;
  /** As `bernoulli`, for integers of any size. */
  bernoulliBig(numerator: bigint, denominator: bigint): boolean;
}

/** Draws fetched from a secure stream in blocks; every word is erased once used, or by {@link WordSource.erase}. */
export class WordSource implements Draws {
  readonly #rng: SecureRng;
  /** What was fetched, for loops that read several words a turn: from {@link next} on, which they move themselves. */
  readonly words: Uint32Array;
  next: number;

  /** @param capacity - Words fetched at once. */
  constructor(rng: SecureRng, capacity: number) {
    this.#rng = rng;
    this.words = new Uint32Array(capacity);
    this.next = capacity;
  }

  word(): number {
    if (this.next === this.words.length) {
      this.#rng.fill(new Uint8Array(this.words.buffer));
      this.next = 0;
    }
    const word = this.words[this.next];
    this.words[this.next++] = 0;
    return word;
  }

  below(bound: number): number {
    const widest = bound - 1;
    if (widest <= 0xffffffff) {
      const unused = Math.clz32(widest);
      if (unused === 32) return 0;
      for (;;) {
        const draw = this.word() >>> unused;
        if (draw < bound) return draw;
      }
    }
    const unused = Math.clz32(Math.floor(widest / 0x100000000));
    for (;;) {
      const draw = (this.word() >>> unused) * 0x100000000 + this.word();
      if (draw < bound) return draw;
    }
  }

  bernoulli(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }

  belowBig(bound: bigint): bigint {
    const bits = (bound - 1n).toString(2).length;
    const words = Math.ceil(bits / 32);
    for (;;) {
      let draw = 0n;
      for (let i = 0; i < words; i++) draw = (draw << 32n) | BigInt(this.word());
      draw >>= BigInt(words * 32 - bits);
      if (draw < bound) return draw;
    }
  }

  bernoulliBig(numerator: bigint, denominator: bigint): boolean {
    return this.belowBig(denominator) < numerator;
  }

  /** Overwrites what was fetched and not used. */
  erase(): void {
    this.words.fill(0);
    this.next = this.words.length;
  }
}
