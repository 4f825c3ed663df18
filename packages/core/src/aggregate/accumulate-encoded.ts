/**
 * From a client's bytes straight into the accumulator, with no dense vector in between.
 *
 * @module
 */
import type { ClientId } from './contract.ts';
import type { StreamingAggregator } from './streaming.ts';
import type { Codec, DecodeContext } from '../codec/contract.ts';

/** What `accumulateEncoded` needs besides the bytes. */
export interface EncodedContribution {
  /** > 0, default 1, as in `Contribution`. */
  readonly weight?: number;
  readonly client?: ClientId;
  /** The codec's context; `expectedSize` is the aggregator's. */
  readonly context?: Partial<DecodeContext>;
}

/**
 * Folds `codec.decode(bytes)` into `accumulator` piece by piece: the same bytes of the accumulator as `accumulate` on the
 * decoded vector, in O(model) memory however many clients. Returns `accumulator`.
 *
 * If decoding fails or a value is refused midway, the pieces already folded are taken out again by a second, subtracting
 * visit, and the accumulator is as before, byte for byte.
 *
 * @throws FedkitError what `codec.visit` throws about the bytes and `aggregator.accumulate` about the contribution.
 */
export function accumulateEncoded<A, R, V>(
  aggregator: StreamingAggregator<A, R, V>,
  accumulator: A,
  codec: Codec,
  bytes: Uint8Array,
  contribution: EncodedContribution = {},
): A {
  const context = { ...contribution.context, expectedSize: aggregator.size };
  const open = aggregator.open(accumulator, contribution);
  try {
    codec.visit(bytes, open, context);
  } catch (error) {
    open.rollback((sink) => codec.visit(bytes, sink, context));
    throw error;
  }
  open.commit();
  return accumulator;
}
