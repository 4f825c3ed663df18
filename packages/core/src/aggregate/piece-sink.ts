/**
 * A sink that folds the pieces of one contribution and can take them out again.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type { Sink } from '../codec/sink.ts';
import type { VectorSum } from './vector-sum.ts';

/** Throws for a piece with a value out of range; `placeOf` turns an index into a place in the vector. */
type Refused = (values: Float32Array, placeOf: (index: number) => number) => never;

/** Ends a replay once all pieces are out. */
class ReplayEnd extends Error {}

export class PieceSink implements Sink {
  readonly #where: string;
  readonly #size: number;
  readonly #sum: VectorSum;
  readonly #weight: number;
  readonly #refused: Refused;
  /** The first place that a piece may still name. */
  #next = 0;
  #pieces = 0;

  constructor(where: string, size: number, sum: VectorSum, weight: number, refused: Refused) {
    this.#where = where;
    this.#size = size;
    this.#sum = sum;
    this.#weight = weight;
    this.#refused = refused;
  }

  dense(offset: number, values: Float32Array): void {
    if (!Number.isInteger(offset) || offset < this.#next || values.length > this.#size - offset) {
      refuse('DECODE_FAILED', this.#where, `ascending places below ${this.#size}`, `${values.length} at ${offset}`);
    }
    if (!this.#sum.foldDense(offset, values, this.#weight)) this.#refused(values, (i) => offset + i);
    this.#next = offset + values.length;
    this.#pieces++;
  }

  sparse(indices: Uint32Array, values: Float32Array): void {
    if (indices.length !== values.length) {
      refuse('DECODE_FAILED', this.#where, `${indices.length} values`, values.length);
    }
    let next = this.#next;
    for (let i = 0; i < indices.length; i++) {
      if (indices[i] < next || indices[i] >= this.#size) {
        refuse('DECODE_FAILED', this.#where, `ascending places below ${this.#size}`, indices[i]);
      }
      next = indices[i] + 1;
    }
    if (!this.#sum.foldSparse(indices, values, this.#weight)) this.#refused(values, (i) => indices[i]);
    this.#next = next;
    this.#pieces++;
  }

  /** Folds the pieces once more with the negative weight; false if `replay` did not hand over the same pieces. */
  undo(replay: (sink: Sink) => void): boolean {
    const undoing = new PieceSink(this.#where, this.#size, this.#sum, -this.#weight, this.#refused);
    const left = () => this.#pieces - undoing.#pieces;
    const step = (fold: () => void) => {
      if (left() === 0) throw new ReplayEnd();
      fold();
    };
    try {
      replay({
        dense: (offset, values) => step(() => undoing.dense(offset, values)),
        sparse: (indices, values) => step(() => undoing.sparse(indices, values)),
      });
    } catch {
      // The replay ends where the first pass did, by its error or by ReplayEnd.
    }
    return left() === 0 && undoing.#next === this.#next;
  }
}
