/**
 * What of a language model is trained: all of it, some tensors, or a small adapter in front of frozen weights.
 *
 * @module
 */
import type { Rng, TensorSpec } from '@fedkit/core';
import type { DecoderShape } from '../model/shape.ts';
import type { LinearName } from '../model/tensors.ts';

/** How one product is changed. */
export interface LinearChange {
  /** y += scale · (x · Aᵀ) · Bᵀ, with A [rank, inputs] and B [outputs, rank] under these names. */
  readonly lora?: { readonly a: string; readonly b: string; readonly rank: number; readonly scale: number };
  /** DoRA's magnitude [outputs]. */
  readonly magnitude?: string;
  /** A gain for each output, or for each input. */
  readonly gain?: { readonly name: string; readonly side: 'output' | 'input' };
}

/** What a start may be made from. */
export interface AdaptedBase {
  readonly shape: DecoderShape;
  /** The base's own tensor of a name, as float32; `undefined` where there is none. */
  weight(name: string): Float32Array | undefined;
  /** One row of {@link weight}. */
  row(name: string, index: number): Float32Array | undefined;
}

/** An adaptation of models of one shape. */
export interface Adaptation {
  /** What it is, such as `lora`. */
  readonly kind: string;
  /** What can be read off a file or record: ranks, scales, targets. */
  readonly settings: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** The trainable tensors, for models of this shape; names of the base's own tensors train those. */
  tensors(shape: DecoderShape): TensorSpec[];
  /** Tensors that are the same for everybody and never move, with their values. */
  fixed?(shape: DecoderShape): readonly { readonly spec: TensorSpec; readonly values: Float32Array }[];
  /**
   * Fills fresh trainable values.
   *
   * @param tensor - View on one tensor, zeroed.
   */
  init(spec: TensorSpec, tensor: Float32Array, rng: Rng, base: AdaptedBase): void;
  /** How product `name` of block `layer` is changed, if it is. */
  change(layer: number, name: LinearName): LinearChange | undefined;
  /** Virtual tokens in front of every window. */
  readonly prompt?: { readonly name: string; readonly tokens: number };
}
