/**
 * The two roles in a pipeline: what picks places, and what codes values.
 *
 * @module
 */
import type { CodecContext, Linearity } from '@fedkit/core/codec';
import type { Keeps } from '../sparse/sparse-stage.ts';
import type { StagedCodec } from '../stage/codec.ts';

/** A codec that codes every value: the second half of a `pipe`. */
export interface Quantizer<L extends Linearity = 'perClient'> extends StagedCodec<L> {
  readonly role: 'quantizer';
}

/** A codec that picks places and keeps their values exactly: the first half of a `pipe`. */
export interface Sparsifier<L extends Linearity = 'perClient'> extends StagedCodec<L> {
  readonly role: 'sparsifier';
  /** The places it keeps, ascending. */
  support(values: Float32Array, context: CodecContext): Uint32Array;
  /** What it is sure to keep, where that is known. */
  readonly keeps?: Keeps;
}

/** Marks a codec of single coordinates as a quantizer: what `pipe` and `budget` take after a choice of coordinates. */
export function asQuantizer<C extends StagedCodec>(codec: C): C & { readonly role: 'quantizer' } {
  return { ...codec, role: 'quantizer' };
}
