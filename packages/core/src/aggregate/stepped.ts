/**
 * Aggregators whose long work rests now and then, for servers that answer meanwhile; the others do it at once.
 *
 * @module
 */
import type { Steps } from '../turns.ts';
import type { Aggregator } from './contract.ts';

/** The long work of an aggregator, with rests. Between the first step and the last, nobody may change the accumulator. */
export interface SteppedAggregator<A, R> {
  /** As `finalize`, to the last bit. */
  finalizeSteps(accumulator: A): Steps<R>;
  /** What `serialize` gives, in pieces: views of the accumulator's memory, which are what they were until it changes. */
  pieces(accumulator: A): readonly Uint8Array[];
  /** As `deserialize`. */
  deserializeSteps(bytes: Uint8Array): Steps<A>;
}

type Rule<A, R> = Pick<Aggregator<A, R, never>, 'finalize' | 'serialize' | 'deserialize'> &
  Partial<SteppedAggregator<A, R>>;

/** `rule.finalize(accumulator)`, with rests where the rule has them. */
export function* finalizeSteps<A, R>(rule: Rule<A, R>, accumulator: A): Steps<R> {
  return rule.finalizeSteps ? yield* rule.finalizeSteps(accumulator) : rule.finalize(accumulator);
}

/** `rule.serialize(accumulator)` in pieces, as {@link SteppedAggregator.pieces} has them. */
export function piecesOf<A, R>(rule: Rule<A, R>, accumulator: A): readonly Uint8Array[] {
  return rule.pieces ? rule.pieces(accumulator) : [rule.serialize(accumulator)];
}

/** `rule.deserialize(bytes)`, with rests where the rule has them. */
export function* deserializeSteps<A, R>(rule: Rule<A, R>, bytes: Uint8Array): Steps<A> {
  return rule.deserializeSteps ? yield* rule.deserializeSteps(bytes) : rule.deserialize(bytes);
}
