/**
 * Inversion of a distribution given by real weights, exactly: a uniform real number is drawn bit by bit, and only as far
 * as it takes to know between which two values of the distribution function it lies.
 *
 * Proof. Let F_j be the distribution function over outcomes 0, 1, … and U uniform in [0, 1). Outcome j is returned only
 * when the bits drawn so far place U in [F_(j−1), F_j) for certain: against the table, when the first 32 or 64 bits differ
 * from those of F_(j−1) and F_j, which are certified by interval arithmetic in integers; otherwise against bounds of ever
 * higher precision. So the outcome is F^−1(U) for a uniform real U, with probability F_j − F_(j−1) exactly, and drawing
 * ends with probability one.
 *
 * Not constant-time: table lookups and the number of words drawn depend on the outcome.
 *
 * @module
 */
import type { Draws } from './words.ts';

/** Certified weights of the first outcomes, in units of 2^−precision for some precision. Weights need no normalization. */
export interface WeightBounds {
  readonly lower: readonly bigint[];
  readonly upper: readonly bigint[];
  /** At least the sum of all weights not listed. */
  readonly tail: bigint;
}

/** Leading bits of a word by which {@link ExactTable.guide} is looked up. */
export const guideBits = 12;

/** A distribution over 0, 1, 2, … from which {@link ExactTable.draw} samples without error. */
export class ExactTable {
  /** Certified weights for a precision in bits; the listed outcomes grow with it. */
  readonly #weights: (precision: number) => WeightBounds;
  /** ⌊2^64 F_j⌋ as two words; the last entry is 2^64 − 1, so that a search always ends. */
  readonly high: Uint32Array;
  readonly #low: Uint32Array;
  /** For each value of the leading 12 bits, the first outcome it can mean. */
  readonly guide: Uint32Array;

  constructor(weights: (precision: number) => WeightBounds) {
    this.#weights = weights;
    const thresholds = certifiedThresholds(weights);
    this.high = Uint32Array.from(thresholds, (threshold) => Number(threshold >> 32n));
    this.#low = Uint32Array.from(thresholds, (threshold) => Number(threshold & 0xffffffffn));
    this.guide = new Uint32Array(1 << guideBits);
    let outcome = 0;
    for (let cell = 0; cell < this.guide.length; cell++) {
      while (this.high[outcome] < cell * 2 ** (32 - guideBits)) outcome++;
      this.guide[cell] = outcome;
    }
  }

  /** ⌊2^64 F_j⌋ for each outcome of the table. */
  thresholds(): bigint[] {
    return Array.from(this.high, (high, j) => (BigInt(high) << 32n) | BigInt(this.#low[j]));
  }

  draw(draws: Draws): number {
    const word = draws.word();
    let outcome = this.guide[word >>> (32 - guideBits)];
    while (word > this.high[outcome]) outcome++;
    return word < this.high[outcome] ? outcome : this.#drawSecondWord(outcome, word, draws);
  }

  #drawSecondWord(from: number, first: number, draws: Draws): number {
    const second = draws.word();
    let outcome = from;
    while (first === this.high[outcome] && second > this.#low[outcome]) outcome++;
    if (first < this.high[outcome] || second < this.#low[outcome]) return outcome;
    return this.#drawOn((BigInt(first) << 32n) | BigInt(second), draws);
  }

  /** The first 64 bits of U equal those of some F_j: more bits, against sharper bounds. */
  #drawOn(prefix: bigint, draws: Draws): number {
    for (let bits = 96n, uniform = prefix; ; bits += 32n) {
      uniform = (uniform << 32n) | BigInt(draws.word());
      const { lower, upper, tail } = this.#weights(Number(bits) + 96);
      const total = { lower: sum(lower), upper: sum(upper) + tail };
      let below = 0n;
      let above = 0n;
      for (let outcome = 0; outcome < lower.length; outcome++) {
        below += lower[outcome];
        above += upper[outcome];
        if ((uniform + 1n) * total.upper <= below << bits) return outcome;
        if (uniform * total.lower < above << bits) break;
      }
    }
  }
}

/** ⌊2^64 F_j⌋ for j = 0, 1, … up to the first that is 2^64 − 1, at the first precision that settles all of them. */
function certifiedThresholds(weights: (precision: number) => WeightBounds): bigint[] {
  for (let precision = 128; ; precision += 64) {
    const { lower, upper, tail } = weights(precision);
    const total = { lower: sum(lower), upper: sum(upper) + tail };
    const thresholds: bigint[] = [];
    let below = 0n;
    let above = 0n;
    let certain = true;
    for (let outcome = 0; outcome < lower.length && certain; outcome++) {
      below += lower[outcome];
      above += upper[outcome];
      const threshold = (below << 64n) / total.upper;
      if (threshold === 0xffffffffffffffffn) break;
      certain = (above << 64n) / total.lower === threshold;
      thresholds.push(threshold);
    }
    if (certain) return [...thresholds, 0xffffffffffffffffn];
  }
}

function sum(values: readonly bigint[]): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
