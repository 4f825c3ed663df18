/**
 * An encoder with an adapter: what a federation trains for retrieval.
 *
 * @module
 */
import { type Layout, modelDigest, type Rng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkFinite, checkVector, sha256Hex } from '@fedkit/core/internal';
import { drawA, type EncoderAdapter, encoderAdapter, type EncoderLoraOptions } from './adapter.ts';
import type { LanguageEncoder } from './encoder.ts';
import { checkEmbedOptions, embedTexts } from './pooled.ts';
import { EncoderSession } from './session.ts';

/** An encoder whose trainable parameters are one flat vector of its `layout`. */
export class AdaptedEncoder {
  readonly encoder: LanguageEncoder;
  /** Of the trainable parameters, by PEFT's names. */
  readonly layout: Layout;
  /** @internal */
  readonly adapter: EncoderAdapter;

  /** @internal */
  constructor(encoder: LanguageEncoder, adapter: EncoderAdapter) {
    this.encoder = encoder;
    this.adapter = adapter;
    this.layout = adapter.layout;
  }

  /** Fresh parameters, shape [layout.size]: vectors are then those of the encoder itself. */
  init(rng: Rng): Float32Array {
    const values = new Float32Array(this.layout.size);
    drawA(this.layout, values, rng);
    return values;
  }

  /**
   * Vectors of texts, as `LanguageEncoder.embed` makes them.
   *
   * @param params - Shape [layout.size].
   * @throws FedkitError `SHAPE_MISMATCH` for parameters of another size, and as `LanguageEncoder.embed`.
   */
  embed(
    params: Float32Array,
    texts: readonly ArrayLike<number>[],
    options: { readonly normalize?: boolean } = {},
  ): Float32Array[] {
    checkEmbedOptions('embed', options);
    checkFinite('embed: params', checkVector('embed: params', params, this.layout.size));
    const session = this.session(params, false);
    try {
      return embedTexts('embed', session, texts, options);
    } finally {
      session.end();
    }
  }

  /** SHA-256, in hexadecimal, over encoder, adapter and parameters: vectors of equal digests compare. */
  digest(params: Float32Array): string {
    const { scale, fixed, fixedValues } = this.adapter;
    const values = [modelDigest(this.layout, params), modelDigest(fixed, fixedValues)];
    return sha256Hex(`fedkit adapted encoder 1\n${this.encoder.digest()}\n${values.join()}\n${scale}`);
  }

  /** @internal */
  session(params: Float32Array, training: boolean): EncoderSession {
    const { shape, weights } = this.encoder;
    return new EncoderSession(shape, weights, this.adapter, params, training);
  }
}

/**
 * Puts low-rank adapters (Hu et al. 2022, https://arxiv.org/abs/2106.09685) into an encoder, to be trained by
 * `contrastiveTrainer`. All models of one encoder share its weights and take turns in its memory.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a rank or α out of range, `INVALID_ARGUMENT` for unknown targets or no block.
 */
export function adaptEncoder(encoder: LanguageEncoder, options: EncoderLoraOptions): AdaptedEncoder {
  checkOptions('adaptEncoder', options, {
    rank: true,
    alpha: true,
    targets: true,
    layers: true,
    frozenA: true,
  } satisfies OptionNames<typeof options>);
  return new AdaptedEncoder(encoder, encoderAdapter('adaptEncoder', encoder.shape, options));
}
