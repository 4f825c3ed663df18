/**
 * A stage: one step of a pipeline, which writes its parameters and body and reads them back. A codec is a stage in an
 * envelope; stages nest.
 *
 * @module
 */
import { type Rng, seededRng } from '@fedkit/core';
import type { CodecContext, DecodeContext, Guarantee, Linearity, Sink, Strain, SumContext } from '@fedkit/core/codec';
import { refuse, secureBytes } from '@fedkit/core/internal';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/** One step of an encoding: what it writes for a vector, and how it reads that back. */
export interface Stage {
  /** Its byte on the wire: docs/wire-format.md. */
  readonly id: number;
  readonly kind: string;
  readonly linearity: Linearity;
  readonly unbiased: boolean;
  /** As of `Codec`. */
  readonly guarantee?: Guarantee;
  /** The largest magnitude, where the stage finds it without a pass of its own. @throws FedkitError as `checkFinite`. */
  magnitude?(this: void, where: string, values: Float32Array, encoding: Encoding): number;
  /** Parameters and body; what was in `values` is known to be finite. */
  write(out: ByteWriter, values: Float32Array, encoding: Encoding): void;
  /** Reads what `write` wrote for `size` values and hands them on, ascending. Never trusts a byte. */
  read(input: ByteReader, size: number, sink: Sink, decoding: Decoding): void;
}

/** A stage whose body is integers on a grid that everyone shares. */
export interface LinearStage extends Stage {
  readonly linearity: 'linear';
  readonly bits: number;
  readonly bound: number;
  /** As of `LinearCodec`. */
  readonly meanSquaredError?: number;
  /** As of `LinearCodec`. */
  readonly deviations?: number;
  /** As of `LinearCodec`. */
  strain(values: Float32Array, encoding: Encoding, contributors: number): Strain;
  integers(values: Float32Array, encoding: Encoding): Int32Array;
  /** As of `LinearCodec`. */
  contributed(values: Float32Array, integers: Int32Array, encoding: Encoding): Float32Array;
  /** The number of integers for `size` values. */
  integerCount(size: number): number;
  /** The sum of `size` values each from the sum of the integers. */
  sum(sum: Int32Array | Float64Array, size: number, options: SumContext, decoding: Decoding): Float32Array;
}

/** What one call of `encode` shares among its stages. */
export class Encoding {
  readonly context: CodecContext;
  /** What `magnitude` chose already, for the `write` that follows. */
  places: Uint32Array | undefined;
  #rng: Rng | undefined;

  constructor(context: CodecContext) {
    this.context = context;
  }

  /** The private rounding stream: the caller's, or one that the platform's generator seeds. */
  rng(): Rng {
    return (this.#rng ??= this.context.rng ?? seededRng(secureBytes(32)));
  }
}

/** What one call of `decode` or `visit` shares among its stages. */
export class Decoding {
  readonly context: Partial<DecodeContext>;
  /** Finds a nested stage where the codec does not fix it. */
  readonly stages: ((id: number) => Stage | undefined) | undefined;
  depth = 0;

  constructor(context: Partial<DecodeContext>, stages?: (id: number) => Stage | undefined) {
    this.context = context;
    this.stages = stages;
  }
}

/** The seed both sides share, checked. */
export function sharedSeed(context: Partial<CodecContext>): Uint8Array {
  const { sharedSeed: seed } = context;
  if (!isSeed(seed)) refuse('INVALID_ARGUMENT', 'codec: context.sharedSeed', '32 bytes that both sides know', seed);
  return seed;
}

/** The seed for reading, once its fingerprint is found in the message. */
export function checkedSeed(input: ByteReader, decoding: Decoding): Uint8Array {
  const { context, stages } = decoding;
  // A codec that always needs its seed was called without; a message of any kind may just claim to need one.
  const seed = stages === undefined || isSeed(context.sharedSeed) ? sharedSeed(context) : undefined;
  if (seed === undefined) return corrupt('a message that needs no seed, there being none', 'one that does');
  if (input.uint32() !== seedFingerprint(seed)) corrupt('the shared seed of the encoder', 'another');
  return seed;
}

function isSeed(seed: unknown): seed is Uint8Array {
  return seed instanceof Uint8Array && seed.length >= 16;
}

/** Four bytes that tell one shared seed from another, so that a wrong one is refused instead of decoding to noise. */
export function seedFingerprint(seed: Uint8Array): number {
  return seededRng(seed).fork('fingerprint').uint32();
}
