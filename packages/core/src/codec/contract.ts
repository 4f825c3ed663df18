/**
 * What a codec is: values in, bytes out, and whether sums of its encodings mean anything.
 *
 * @module
 */
import type { Rng } from '../random.ts';
import type { Layout } from '../model/layout.ts';
import type { Guarantee } from './guarantee.ts';
import type { Sink } from './sink.ts';

/** Whether encodings can be summed: `linear` ones can, in a ring of integers; `perClient` ones must be decoded first. */
export type Linearity = 'linear' | 'perClient';

/** What both sides must agree on, and what the encoder alone may use. */
export interface CodecContext {
  /**
   * 32 bytes that client and server both know: rotations, random-k supports and shared dither come from it. Public as
   * far as privacy is concerned.
   */
  readonly sharedSeed: Uint8Array;
  /**
   * 32 bytes that this client and the server alone know: its subtractive dither comes from it. Public as far as privacy
   * is concerned, and independent of whatever seeds masks.
   */
  readonly clientSeed?: Uint8Array;
  /** The encoder's own stream for stochastic rounding; decoding never needs it. */
  readonly rng?: Rng;
  /** Lets a codec treat tensors separately. */
  readonly layout?: Layout;
}

/** A codec's context when decoding hostile bytes. */
export interface DecodeContext extends CodecContext {
  /** The number of values the caller expects; other bytes are refused before anything is allocated. */
  readonly expectedSize?: number;
}

/**
 * Turns a flat vector into self-describing, versioned bytes and back. Stateless; the same values, context and stream
 * give the same bytes on every engine.
 *
 * @typeParam L - `linear` if secure aggregation can sum its integers.
 */
export interface Codec<L extends Linearity = Linearity> {
  /** Its name in the wire format. */
  readonly kind: string;
  readonly linearity: L;
  /** True if the expectation of `decode(encode(x))` over its random streams, rounding, rotation and dither, is x. */
  readonly unbiased: boolean;
  /**
   * How close `decode(encode(x))` is to x: a contraction δ, a variance ω or an absolute error. Without one the codec carries
   * updates, and is refused wherever what it lost is remembered.
   */
  readonly guarantee?: Guarantee;

  /**
   * @param values - Flat vector, shape [d], finite; not changed.
   * @throws FedkitError `OUT_OF_RANGE` for NaN or infinite values.
   */
  encode(values: Float32Array, context: CodecContext): Uint8Array;

  /**
   * The dense vector, shape [d].
   *
   * @throws FedkitError `DECODE_FAILED` for truncated, corrupt or hostile bytes, another codec or version, or another
   * size than `context.expectedSize`; sizes are checked before allocation.
   */
  decode(bytes: Uint8Array, context?: Partial<DecodeContext>): Float32Array;

  /**
   * Hands the decoded update to `sink` piece by piece, dense chunks or sparse pairs, ascending, without a dense vector
   * in between. Deterministic: a second visit makes the same calls. Throws as `decode` does, possibly after some calls.
   */
  visit(bytes: Uint8Array, sink: Sink, context?: Partial<DecodeContext>): void;

  /**
   * {@link visit}, the same calls in the same order, with a rest at every `yield`: a server answers others meanwhile. Absent where decoding
   * rests nowhere.
   */
  visitSteps?(bytes: Uint8Array, sink: Sink, context?: Partial<DecodeContext>): Generator<undefined, void, undefined>;
}

/** What one client sees of what a sum might lose: integers that add. */
export interface Strain {
  /** Encoded coordinates that were clipped. */
  readonly clipped: number;
  /** 1 if, were all clients like this one and independent, the sum would be wider than its ring was made for; else 0. */
  readonly wide: 0 | 1;
  /** 1 if this client alone is; else 0. */
  readonly alone: 0 | 1;
}

/** What is needed to decode a sum of integer encodings. */
export interface SumContext {
  /** The number of encodings in the sum. */
  readonly contributors: number;
  /** The per-client seeds of the survivors, for codecs that subtract a shared dither; in any order. */
  readonly seeds?: readonly Uint8Array[];
  /** With `expectedSize` or `layout` for codecs that send another number of integers than there are values. */
  readonly context: DecodeContext;
}

/**
 * A codec whose encodings are integers that add: the sum over clients, taken in the ring Z / 2^bits, decodes to the sum
 * of the values. What secure aggregation carries.
 */
export interface LinearCodec extends Codec<'linear'> {
  /** Width of the ring: sums are taken modulo 2^bits, 2 to 52. */
  readonly bits: number;
  /** Every encoded integer lies in [−bound, bound]: contributors · bound < 2^(bits−1) keeps the sum exact. */
  readonly bound: number;
  /**
   * Expectation of the squared error that one client's encoding, dithered by its seed where the codec dithers, adds to one
   * coordinate of the sum, at most; for values in range. Absent where it depends on the values, as of random-k.
   */
  readonly meanSquaredError?: number;

  /** For codecs that wrap by design: how many root mean squares of the sum half the ring covers. */
  readonly deviations?: number;

  /** What of `values` a sum over about `contributors` clients might not carry as it is. Absent where nothing is clipped or wraps. */
  strain?(values: Float32Array, context: CodecContext, contributors: number): Strain;

  /** Integers, one for each encoded coordinate, each in [−bound, bound]. */
  encodeIntegers(values: Float32Array, context: CodecContext): Int32Array;

  /**
   * What this client's integers put into the decoded sum, shape [d]: taken before they wrapped, clipped values as they were
   * clipped, the client's own dither subtracted. A sum of these is the decoded sum wherever that does not wrap. Absent where
   * `decodeSum` of one client's integers says the same: nothing wraps.
   *
   * @param integers - What `encodeIntegers` gave for these `values` and this context.
   */
  contributed?(values: Float32Array, integers: Int32Array, context: CodecContext): Float32Array;

  /**
   * The sum of the contributors' vectors, shape [d], from the sum of their integers modulo 2^bits.
   *
   * @param sum - Centered or not: only its residues modulo 2^bits matter.
   */
  decodeSum(sum: Int32Array | Float64Array, options: SumContext): Float32Array;
}
