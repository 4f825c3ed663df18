/**
 * Reproducible sums over weights of any size: one {@link ReproducibleSum} for each band of weights that is in use.
 *
 * A band holds the weights w with 2^(16k) ≤ w < 2^(16(k+1)), the lowest, k = −3, all smaller ones too. Which band a term goes to
 * follows from its own weight alone, so that neither order nor sharding nor a term taken out again changes a bit, and nothing has
 * to be known of the weights beforehand. Within band k, R = ⌈log2(maxValue · 2^(16(k+1)))⌉, and a term loses at most
 *
 *     2^(R−68) ≤ 2^(16k − 51) · maxValue ≤ 2^−51 · maxValue · w,    for every w ≥ 2^−48:
 *
 * the mean's error is therefore at most ½ float32 ulp and 2^−51 · maxValue, whether weights are examples by the million or shares
 * that sum to 1. (2^−52 where maxValue is a power of two.) A federation of clients with 1 to 65,535 examples uses one band.
 *
 * @module
 */
import { ByteWriter } from '../bytes.ts';
import { exponentOf, powerOfTwo } from '../math/double.ts';
import type { Steps } from '../turns.ts';
import { divideLevels, divideTwoLevels } from './quotient.ts';
import type { Dyadic } from './rational.ts';
import { ReproducibleSum } from './reproducible-sum.ts';
import { littleEndianBytes, type StateReader } from './state-bytes.ts';
import type { VectorSum } from './vector-sum.ts';

/** Binary orders of weights in a band. */
const WIDTH = 16;
/** Smaller weights share the lowest band: else hostile weights could fill memory with bands. */
const LOWEST = -3;

interface Band {
  readonly sum: ReproducibleSum;
  contributions: number;
}

/** 16 bytes a coordinate for each band in use. */
export class BandedSum implements VectorSum {
  readonly retractable = true;
  readonly undoneByReplay = true;
  readonly #size: number;
  readonly #maxValue: number;
  readonly #maxWeight: number;
  /** By k. One without contributions is as good as none, and is never written. */
  readonly #bands = new Map<number, Band>();

  /**
   * @param maxValue - The largest |x| of a value, a float32.
   * @param maxWeight - The largest weight, a float32.
   */
  constructor(size: number, maxValue: number, maxWeight: number) {
    this.#size = size;
    this.#maxValue = maxValue;
    this.#maxWeight = maxWeight;
  }

  /** Makes the band of numbers of examples: folding into it allocates nothing. */
  prepare(): this {
    this.#band(this.#usual);
    return this;
  }

  fold(values: Float32Array, weight: number): boolean {
    const band = this.#bandOf(weight);
    if (!band.sum.foldDense(0, values, weight)) return false;
    band.contributions++;
    return true;
  }

  unfold(values: Float32Array, weight: number): boolean {
    const band = this.#bandOf(weight);
    if (!band.sum.foldDense(0, values, -weight)) return false;
    band.contributions--;
    return true;
  }

  holds(weight: number): boolean {
    return (this.#bands.get(this.#indexOf(weight))?.contributions ?? 0) > 0;
  }

  // Folds are exact: there is nothing to prepare for undoing one.
  begin(): void {}

  commit(weight: number): void {
    this.#bandOf(weight).contributions++;
  }

  foldDense(offset: number, values: Float32Array, weight: number): boolean {
    return this.#bandOf(weight).sum.foldDense(offset, values, weight);
  }

  foldSparse(indices: Uint32Array, values: Float32Array, weight: number): boolean {
    return this.#bandOf(weight).sum.foldSparse(indices, values, weight);
  }

  merge(from: BandedSum): void {
    for (const [k, { sum, contributions }] of from.#inUse()) {
      const band = this.#band(k);
      band.sum.merge(sum);
      band.contributions += contributions;
    }
  }

  divide(denominator: Dyadic, out: Float32Array, from: number, to: number): number {
    const levels = this.#inUse().flatMap(([, { sum }]) => [sum.high.subarray(from, to), sum.low.subarray(from, to)]);
    const part = out.subarray(from, to);
    const beyond =
      levels.length === 2
        ? divideTwoLevels(levels[0], levels[1], denominator, part)
        : divideLevels(levels, denominator, part);
    return beyond < 0 ? beyond : from + beyond;
  }

  clear(): void {
    for (const band of this.#bands.values()) {
      band.sum.clear();
      band.contributions = 0;
    }
  }

  get memory(): number {
    return this.#bands.size * 16 * this.#size;
  }

  get pieces(): readonly Uint8Array[] {
    const bands = this.#inUse();
    return [
      Uint8Array.of(bands.length),
      ...bands.flatMap(([k, { sum, contributions }]) => [
        new ByteWriter()
          .uint8(k - LOWEST)
          .uint32(contributions)
          .finish(),
        littleEndianBytes(sum.high),
        littleEndianBytes(sum.low),
      ]),
    ];
  }

  *read(reader: StateReader, contributions: number): Steps<void> {
    const count = reader.uint8();
    if (count > this.#highest - LOWEST + 1) reader.fail(`at most ${this.#highest - LOWEST + 1} bands`, `${count}`);
    reader.expectRemaining(count * (5 + 16 * this.#size));
    let left = contributions;
    let next = LOWEST;
    for (let i = 0; i < count; i++) {
      const k = reader.uint8() + LOWEST;
      if (k < next || k > this.#highest) reader.fail(`a band from ${next} to ${this.#highest}`, `${k}`);
      next = k + 1;
      const own = reader.uint32();
      if (own < 1 || own > left) reader.fail(`1 to ${left} contributions`, `${own}`);
      left -= own;
      yield* this.#readBand(reader, k, own);
    }
    if (left !== 0) reader.fail(`${contributions} contributions in bands`, `${contributions - left}`);
  }

  /** Reads what earlier versions wrote, who summed weights of all sizes as if they were numbers of examples. */
  *readUnbanded(reader: StateReader, contributions: number): Steps<void> {
    reader.expectRemaining(16 * this.#size);
    yield* this.#readBand(reader, this.#usual, contributions);
  }

  #readBand(reader: StateReader, k: number, contributions: number): Steps<void> {
    const band = this.#band(k);
    band.contributions = contributions;
    return band.sum.read(reader, contributions);
  }

  get #usual(): number {
    return Math.min(0, this.#highest);
  }

  get #highest(): number {
    return this.#indexOf(this.#maxWeight);
  }

  #indexOf(weight: number): number {
    return Math.max(LOWEST, Math.floor(exponentOf(weight) / WIDTH));
  }

  #bandOf(weight: number): Band {
    return this.#band(this.#indexOf(weight));
  }

  #band(k: number): Band {
    const found = this.#bands.get(k);
    if (found !== undefined) return found;
    const most = Math.min(this.#maxWeight, powerOfTwo(WIDTH * (k + 1) - 1) * 2);
    const made = { sum: new ReproducibleSum(this.#size, this.#maxValue, this.#maxValue * most), contributions: 0 };
    this.#bands.set(k, made);
    return made;
  }

  #inUse(): [k: number, band: Band][] {
    return [...this.#bands].filter(([, { contributions }]) => contributions > 0).sort(([a], [b]) => a - b);
  }
}
