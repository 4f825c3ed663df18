/**
 * Aggregators that take a contribution piece by piece, so that decoding needs no dense vector in between.
 *
 * @module
 */
import type { Sink } from '../codec/sink.ts';
import type { Aggregator, ClientId, Slot } from './contract.ts';

/**
 * One contribution on its way into an accumulator. Until it is committed or rolled back, every other call on the
 * accumulator is `PROTOCOL_STATE`.
 */
export interface OpenContribution extends Sink {
  /** Counts the contribution: from now on it is as if `accumulate` had taken the whole vector. */
  commit(): void;

  /**
   * Takes every piece out again: the accumulator is as before `open`.
   *
   * @param replay - Hands the sink it is given the same pieces in the same order; what it throws is ignored, since a
   * replay ends where the first pass ended. If it hands over fewer or other pieces, the accumulator is lost: it is
   * disposed, and `PROTOCOL_STATE` is thrown.
   */
  rollback(replay: (sink: Sink) => void): void;
}

/** An aggregator whose contributions may arrive in pieces. `accumulateEncoded` drives it from a codec. */
export interface StreamingAggregator<A, R, V = Float32Array> extends Aggregator<A, R, V> {
  /** The length d of a contribution. */
  readonly size: number;

  /**
   * Opens one contribution. A piece that is refused leaves nothing behind, but what earlier pieces left must be rolled
   * back by the caller. Pieces throw `DECODE_FAILED` for places outside [0, size) or not ascending and `OUT_OF_RANGE` for
   * values that `accumulate` would refuse.
   *
   * @throws FedkitError what `accumulate` throws about the weight and the accumulator.
   */
  open(accumulator: A, contribution: { readonly weight?: number; readonly client?: ClientId }): OpenContribution;
}

/** What a vector of a statically known size accepts: a number stands for a vector of one. */
export type SlotOf<N extends number> = N extends 1 ? Slot : Float32Array;
