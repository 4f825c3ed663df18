/**
 * Exact table sampling of a symmetric distribution on the integers with weights e^(−E(|k|)), E convex and E(0) = 0: the
 * discrete Gaussian and the discrete Laplace, for any width, with a table of a few hundred entries.
 *
 * Proof. The integers are cut into blocks of m = 2^shift: block j ≥ 0 on the positive side is {jm, …, jm+m−1}, on the
 * negative side {−jm−1, …, −jm−m}; together they hold every integer once. Within a block the weight is largest at its end
 * nearest 0, the peak p. A block is drawn with probability proportional to m·e^(−E(p)), a place p+o in it uniformly, and kept
 * with probability e^(−(E(p+o)−E(p))) ≤ 1: rejection sampling, so k is returned with probability proportional to e^(−E(|k|)).
 * The block comes from {@link ExactTable}; the last step compares a uniform real U with the exponential, again bit by bit:
 * with 32 bits and 1 − γ ≤ e^(−γ) ≤ 1 − γ + γ²/2 (γ in double precision, relative error under 2^−50, slack 2^−44), and when that
 * does not settle it, with ever more bits against {@link expNegative}.
 *
 * @module
 */
import { ExactTable, guideBits, type WeightBounds } from './exact-table.ts';
import { expNegative, type Fraction } from './fraction.ts';
import type { AddSamples } from './integer-sampler.ts';
import type { Draws } from './words.ts';

/** The exponent E of the weights: in double precision for the usual case, and exactly. */
export interface Exponent {
  /** E(peak + offset) − E(peak), relative error below 2^−50. */
  difference(peak: number, offset: number): number;
  /** The same, exactly; with peak 0 it is E(offset). */
  exactDifference(peak: number, offset: number): Fraction;
}

/**
 * A function that draws one sample, and one that draws many.
 *
 * @param shift - log2 of the block length, 0 to 31.
 */
export function blockTable(
  exponent: Exponent,
  shift: number,
): { readonly draw: (draws: Draws) => number; readonly addSamples: AddSamples } {
  const length = 2 ** shift;
  const table = new ExactTable((precision) => peakWeights(exponent, length, precision));
  const draw = (draws: Draws): number => {
    for (;;) {
      const block = table.draw(draws);
      const negative = block & 1;
      const peak = (block >>> 1) * length + negative;
      const offset = shift === 0 ? 0 : draws.word() >>> (32 - shift);
      if (offset === 0 || accept(exponent, peak, offset, draws)) return negative === 1 ? -peak - offset : peak + offset;
    }
  };
  return { draw, addSamples: samplesOf(exponent, shift, table, draw) };
}

/**
 * Many samples in one loop: what nearly every draw comes to is read straight from the words, and whatever is rare, or near
 * the end of the words, is left to `draw`, from the same word on.
 */
function samplesOf(exponent: Exponent, shift: number, table: ExactTable, draw: (draws: Draws) => number): AddSamples {
  const length = 2 ** shift;
  const { high, guide } = table;
  // For each block a word below which every offset in it is kept, as `accept` would find.
  const kept = Uint32Array.from(high, (_, block) => {
    const worst = shift === 0 ? 0 : exponent.difference((block >>> 1) * length + (block & 1), length - 1);
    return Math.max(0, Math.min(2 ** 32 - 1, Math.floor((1 - worst * (1 + 2 ** -40) - 2 ** -43) * 2 ** 32) - 1));
  });
  const needed = shift === 0 ? 1 : 3;
  return (values, source) => {
    const { words } = source;
    let at = source.next;
    for (let i = 0; i < values.length; i++) {
      if (at + needed <= words.length) {
        const word = words[at];
        let block = guide[word >>> (32 - guideBits)];
        while (word > high[block]) block++;
        if (word < high[block]) {
          // Signs are coin tosses, which no processor can predict: no branch is taken on them.
          const sign = 1 - 2 * (block & 1);
          const peak = (block >>> 1) * length + (block & 1);
          if (shift === 0) {
            values[i] += sign * peak;
            at += 1;
            continue;
          }
          const offset = words[at + 1] >>> (32 - shift);
          // An offset of 0 needs no third word.
          if (offset !== 0 && words[at + 2] < kept[block]) {
            values[i] += sign * (peak + offset);
            at += 3;
            continue;
          }
        }
      }
      source.next = at;
      values[i] += draw(source);
      at = source.next;
    }
    source.next = at;
  };
}

/**
 * Weights of the peaks 0, −1, m, −m−1, 2m, … until both sides have one below 2^−precision.
 *
 * The tail: E convex with E(0) = 0 gives E(jm) ≥ (j/J)·E(Jm) for j ≥ J, and E(Jm) ≥ precision·ln 2, so with x = precision/J the
 * weights from block J on sum, on each side, to at most 2^−precision / (1 − 2^−x) ≤ 2^−precision · 2·max(1, 1/x).
 */
function peakWeights(exponent: Exponent, length: number, precision: number): WeightBounds {
  const lower: bigint[] = [];
  const upper: bigint[] = [];
  for (let block = 0; ; block++) {
    for (const peak of [block * length, block * length + 1]) {
      const { numerator, denominator } = exponent.exactDifference(0, peak);
      const bounds = expNegative(numerator, denominator, precision);
      if (peak === block * length && bounds.upper <= 1n) {
        return { lower, upper, tail: BigInt(4 * Math.max(1, Math.ceil(block / precision))) };
      }
      lower.push(bounds.lower);
      upper.push(bounds.upper);
    }
  }
}

/** True with probability e^(−γ), γ = E(peak + offset) − E(peak). */
function accept(exponent: Exponent, peak: number, offset: number, draws: Draws): boolean {
  const word = draws.word();
  const gamma = exponent.difference(peak, offset);
  if ((word + 1) * 2 ** -32 <= 1 - gamma - 2 ** -44) return true;
  if (gamma <= 1 && word * 2 ** -32 >= 1 - gamma + (gamma * gamma) / 2 + 2 ** -44) return false;
  const { numerator, denominator } = exponent.exactDifference(peak, offset);
  return uniformBelowExp(numerator, denominator, BigInt(word), 32, draws);
}

/** Whether a uniform real whose leading bits are `prefix` lies below e^(−numerator/denominator). */
function uniformBelowExp(numerator: bigint, denominator: bigint, prefix: bigint, bits: number, draws: Draws): boolean {
  for (let uniform = prefix, known = bits; ; known += 32) {
    const { lower, upper } = expNegative(numerator, denominator, known);
    if (uniform + 1n <= lower) return true;
    if (uniform >= upper) return false;
    uniform = (uniform << 32n) | BigInt(draws.word());
  }
}
