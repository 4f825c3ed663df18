/**
 * What a linear rule keeps for a flat vector: a running weighted sum.
 *
 * @module
 */
import type { Steps } from '../turns.ts';
import type { Dyadic } from './rational.ts';
import type { StateReader } from './state-bytes.ts';

/** A sum of weighted float32 vectors. Methods that return a boolean answer whether every value was within range. */
export interface VectorSum {
  /** Adds weight · values, or nothing. */
  fold(values: Float32Array, weight: number): boolean;
  /** Whether a contribution of this weight may be among what was folded. */
  holds(weight: number): boolean;
  /** Takes the latest fold out again; `values` and `weight` are those of the fold. */
  unfold(values: Float32Array, weight: number): boolean;
  /** False if the latest fold cannot be taken out: there is none, or the sum was merged or deserialized since. */
  readonly retractable: boolean;

  /** Opens a fold in pieces. */
  begin(): void;
  /** Adds weight · values to the coordinates from `offset` on, or nothing. */
  foldDense(offset: number, values: Float32Array, weight: number): boolean;
  /** Adds weight · values to the coordinates at `indices`, or nothing. */
  foldSparse(indices: Uint32Array, values: Float32Array, weight: number): boolean;
  /** Ends a fold in pieces. One that is not ended is forgotten by the next, unless it must be undone by replay. `weight` is its pieces'. */
  commit(weight: number): void;
  /** True if an unfinished fold in pieces is taken out by folding its pieces again with the negative weight. */
  readonly undoneByReplay: boolean;

  /** Adds another sum of the same size, ranges and class. */
  merge(from: VectorSum): void;
  /** out = the sum / denominator from `from` to before `to`; returns the index of the first quotient beyond float32, or −1. */
  divide(denominator: Dyadic, out: Float32Array, from: number, to: number): number;

  /** The sum of nothing again. */
  clear(): void;

  /** Bytes it keeps in memory. */
  readonly memory: number;
  /** What is stored of it: views of its numbers where the machine has them in little-endian order, and what is between them. */
  readonly pieces: readonly Uint8Array[];
  /** Fills a fresh sum; refuses what no `contributions` contributions could have summed to. */
  read(reader: StateReader, contributions: number): Steps<void>;
}
