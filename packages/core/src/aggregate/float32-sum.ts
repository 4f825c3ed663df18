/**
 * Sums of weighted float32 vectors in float32, as most frameworks average: half the memory and twice the speed of the
 * reproducible sum, with a result that depends on the order of the terms.
 *
 * Float32 addition cannot be undone, so every fold writes the new sum beside the old one and then swaps them: a refused
 * contribution leaves no trace, and the latest accepted one can be taken out.
 *
 * @module
 */
import { CHUNK, type CellKernels, cellKernels, padded, stage } from '../kernels/core-module.ts';
import { foldFloat32 } from '../kernels/plain.ts';
import { inStretches, type Steps } from '../turns.ts';
import { type Dyadic, toNumber } from './rational.ts';
import { littleEndianBytes, type StateReader } from './state-bytes.ts';
import type { VectorSum } from './vector-sum.ts';

/** Two buffers of `size` float32: 8 bytes a coordinate, in one WebAssembly memory where there is one. */
export class Float32Sum implements VectorSum {
  readonly undoneByReplay = false;
  readonly #limit: number;
  readonly #kernels: CellKernels | undefined;
  #sum: Float32Array;
  #spare: Float32Array;
  #retractable = false;

  /** @param limit - The largest |x| of a value, a float32. */
  constructor(size: number, limit: number) {
    this.#limit = limit;
    const cells = padded(size) + 8;
    const kernels = cellKernels(size, 8 * cells);
    this.#kernels = kernels;
    if (kernels === undefined) {
      this.#sum = new Float32Array(size);
      this.#spare = new Float32Array(size);
    } else {
      this.#sum = new Float32Array(kernels.buffer, kernels.cells, size);
      this.#spare = new Float32Array(kernels.buffer, kernels.cells + 4 * cells, size);
    }
  }

  get retractable(): boolean {
    return this.#retractable;
  }

  fold(values: Float32Array, weight: number): boolean {
    // The spare now holds half of a sum, whether or not the fold is refused.
    this.#retractable = false;
    if (!this.#foldInto(this.#sum, 0, values, weight)) return false;
    this.commit();
    return true;
  }

  holds(): boolean {
    return true;
  }

  unfold(): boolean {
    this.#swap();
    this.#retractable = false;
    return true;
  }

  begin(): void {
    this.#retractable = false;
    this.#spare.set(this.#sum);
  }

  foldDense(offset: number, values: Float32Array, weight: number): boolean {
    return this.#foldInto(this.#spare, offset, values, weight);
  }

  foldSparse(indices: Uint32Array, values: Float32Array, weight: number): boolean {
    for (let i = 0; i < indices.length; i++) {
      if (!(Math.abs(values[i]) <= this.#limit)) return false;
      this.#spare[indices[i]] += Math.fround(values[i] * weight);
    }
    return true;
  }

  commit(): void {
    this.#swap();
    this.#retractable = true;
  }

  merge(from: Float32Sum): void {
    this.#retractable = false;
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] += from.#sum[i];
  }

  divide(denominator: Dyadic, out: Float32Array, from: number, to: number): number {
    const divisor = toNumber(denominator);
    let first = -1;
    for (let i = from; i < to; i++) {
      out[i] = this.#sum[i] / divisor;
      if (first < 0 && !Number.isFinite(out[i])) first = i;
    }
    return first;
  }

  clear(): void {
    // Whatever the other holds is written before it is read.
    this.#sum.fill(0);
    this.#retractable = false;
  }

  get memory(): number {
    return 8 * this.#sum.length;
  }

  get pieces(): readonly Uint8Array[] {
    return [littleEndianBytes(this.#sum)];
  }

  *read(reader: StateReader, contributions: number): Steps<void> {
    yield* reader.numbersInStretches(this.#sum);
    yield* inStretches(this.#sum.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const sum = this.#sum[i];
        if (!Number.isFinite(sum) || Object.is(sum, -0) || (contributions === 0 && sum !== 0)) {
          reader.fail(`a finite sum of ${contributions} contributions at ${i}`, 'another number');
        }
      }
    });
  }

  /** spare = from + weight · values, from `offset` on. */
  #foldInto(from: Float32Array, offset: number, values: Float32Array, weight: number): boolean {
    const to = this.#spare;
    const kernels = this.#kernels;
    let good = true;
    for (let start = 0; start < values.length && good; start += CHUNK) {
      const chunk = values.subarray(start, start + CHUNK);
      if (kernels === undefined) {
        good = foldFloat32(chunk, from, to, offset + start, weight, this.#limit);
      } else {
        const count = stage(kernels.staging, chunk);
        const at = 4 * (offset + start);
        const [old, sum] = [from.byteOffset + at, to.byteOffset + at];
        good = kernels.exports.foldFloat32(0, count, old, sum, weight, this.#limit) === 1;
      }
    }
    return good;
  }

  #swap(): void {
    const sum = this.#sum;
    this.#sum = this.#spare;
    this.#spare = sum;
  }
}
