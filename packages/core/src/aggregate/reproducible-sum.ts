/**
 * Sums of weighted float32 vectors that do not depend on the order of their terms: two levels of pre-rounded float64 sums
 * (after Demmel and Nguyen, "Fast reproducible floating-point summation", ARITH 2013, and Rump, Ogita and Oishi,
 * "Accurate floating-point summation part I", SISC 31(1), 2008, algorithm 3.2).
 *
 * Let R be the least integer with maxValue · maxWeight ≤ 2^R. A term t = w·x, the product of two float32, has at most 48
 * significant bits and is exact in float64; |t| ≤ 2^R. With M₁ = 1.5 · 2^(R+19) and M₂ = 1.5 · 2^(R−15),
 *
 *     q₁ = (t + M₁) − M₁            a multiple of 2^(R−33),  |q₁| ≤ 2^R
 *     q₂ = ((t − q₁) + M₂) − M₂     a multiple of 2^(R−67),  |q₂| ≤ 2^(R−34)
 *
 * because t + M₁ stays in [2^(R+19), 2^(R+20)), where neighbouring float64 lie 2^(R−33) apart: the addition rounds t to
 * that grid, to nearest, and the subtraction is exact. So |t − q₁| ≤ 2^(R−34), t − q₁ is exact (its bits are among the
 * lowest of t), and M₂ does the same on its grid; what it rounds away, once a term, is |t − q₁ − q₂| ≤ 2^(R−68).
 *
 * Both sums add up without rounding: every partial sum of n ≤ 2^20 terms q₁ is a multiple of 2^(R−33) of magnitude
 * ≤ 2^20 · 2^R = 2^53 · 2^(R−33), and of q₂ a multiple of 2^(R−67) of magnitude ≤ 2^20 · 2^(R−34) ≤ 2^53 · 2^(R−67): 53 bits
 * hold either. Exact addition is associative and commutative, so order and sharding change nothing; and as M₁ and M₂ are
 * even multiples of their grids, rounding is symmetric, the term of −w is −q₁, −q₂, and folding it undoes w bit for bit.
 * Sums start at +0, and no sum of these terms is −0: a state has one representation.
 *
 * @module
 */
import { CHUNK, type CellKernels, cellKernels, padded, stage } from '../kernels/core-module.ts';
import { foldReproducible } from '../kernels/plain.ts';
import { exponentOf, powerOfTwo } from '../math/double.ts';
import { inStretches, type Steps } from '../turns.ts';
import type { StateReader } from './state-bytes.ts';

/** Two levels of sums over `size` coordinates: 16 bytes each, in one WebAssembly memory where there is one. */
export class ReproducibleSum {
  readonly #size: number;
  readonly #limit: number;
  readonly #range: number;
  readonly #m1: number;
  readonly #m2: number;
  /** Σ q₁ and Σ q₂. */
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly #kernels: CellKernels | undefined;

  /**
   * @param limit - The largest |x| of a value, a float32.
   * @param maximumTerm - maxValue · maxWeight.
   */
  constructor(size: number, limit: number, maximumTerm: number) {
    const exponent = exponentOf(maximumTerm);
    this.#range = powerOfTwo(exponent) < maximumTerm ? exponent + 1 : exponent;
    this.#m1 = 1.5 * powerOfTwo(this.#range + 19);
    this.#m2 = 1.5 * powerOfTwo(this.#range - 15);
    this.#size = size;
    this.#limit = limit;
    // A chunk that starts anywhere is padded by up to 7 zeros, which change no cell.
    const cells = padded(size) + 8;
    const kernels = cellKernels(size, 16 * cells);
    this.#kernels = kernels;
    if (kernels === undefined) {
      this.high = new Float64Array(size);
      this.low = new Float64Array(size);
    } else {
      this.high = new Float64Array(kernels.buffer, kernels.cells, size);
      this.low = new Float64Array(kernels.buffer, kernels.cells + 8 * cells, size);
    }
  }

  /** Adds weight · values from `offset` on, or nothing; a negative weight takes them out. False for a value beyond the limit. */
  foldDense(offset: number, values: Float32Array, weight: number): boolean {
    for (let start = 0; start < values.length; start += CHUNK) {
      if (this.#foldChunk(offset + start, values.subarray(start, start + CHUNK), weight)) continue;
      // Refused values were folded as zeros, here and when they are folded again.
      for (let done = 0; done <= start; done += CHUNK) {
        this.#foldChunk(offset + done, values.subarray(done, done + CHUNK), -weight);
      }
      return false;
    }
    return true;
  }

  /** Adds weight · values at `indices`, or nothing. */
  foldSparse(indices: Uint32Array, values: Float32Array, weight: number): boolean {
    for (let i = 0; i < indices.length; i++) {
      if (this.#foldOne(indices[i], values[i], weight)) continue;
      while (--i >= 0) this.#foldOne(indices[i], values[i], -weight);
      return false;
    }
    return true;
  }

  merge(from: ReproducibleSum): void {
    for (let i = 0; i < this.#size; i++) {
      this.high[i] += from.high[i];
      this.low[i] += from.low[i];
    }
  }

  clear(): void {
    this.high.fill(0);
    this.low.fill(0);
  }

  /** Fills a fresh sum; refuses what no `contributions` terms could have summed to. */
  *read(reader: StateReader, contributions: number): Steps<void> {
    yield* reader.numbersInStretches(this.high);
    yield* reader.numbersInStretches(this.low);
    yield* this.#check(reader, this.high, this.#range - 33, contributions * powerOfTwo(this.#range));
    yield* this.#check(reader, this.low, this.#range - 67, contributions * powerOfTwo(this.#range - 34));
  }

  /** Every sum must be one that `contributions` terms can have; −0 is none, so that a sum has one representation. */
  #check(reader: StateReader, sums: Float64Array, gridExponent: number, most: number): Steps<void> {
    const perUnit = powerOfTwo(-gridExponent);
    return inStretches(sums.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const units = sums[i] * perUnit;
        if (!(Math.abs(units) <= most * perUnit && Math.floor(units) === units) || Object.is(units, -0)) {
          reader.fail(`a multiple of 2^${gridExponent} of magnitude ≤ ${most} at ${i}`, 'another number');
        }
      }
    });
  }

  #foldChunk(offset: number, chunk: Float32Array, weight: number): boolean {
    const kernels = this.#kernels;
    if (kernels === undefined) {
      return foldReproducible(chunk, this.high, this.low, offset, weight, this.#limit, this.#m1, this.#m2);
    }
    const count = stage(kernels.staging, chunk);
    const high = this.high.byteOffset + 8 * offset;
    const low = this.low.byteOffset + 8 * offset;
    return kernels.exports.foldReproducible(0, count, high, low, weight, this.#limit, this.#m1, this.#m2) === 1;
  }

  #foldOne(index: number, x: number, weight: number): boolean {
    if (!(Math.abs(x) <= this.#limit)) return false;
    const term = x * weight;
    const coarse = term + this.#m1 - this.#m1;
    this.high[index] += coarse;
    this.low[index] += term - coarse + this.#m2 - this.#m2;
    return true;
  }
}
