/**
 * A BERT-style encoder: texts to vectors.
 *
 * @module
 */
import { digestOf, type FrozenTensor, type Weights } from '../model/base.ts';
import { UNADAPTED } from './adapter.ts';
import { checkEmbedOptions, checkText, embedTexts } from './pooled.ts';
import { EncoderSession } from './session.ts';
import type { EncoderShape } from './shape.ts';

/**
 * A frozen encoder. What a federation trains stands behind it, such as a `softmaxRegression` over {@link embed}'s vectors, whose
 * update is a few kilobytes; or within it: `adaptEncoder`.
 */
export class LanguageEncoder {
  readonly shape: EncoderShape;
  /** By Hugging Face's names. */
  readonly tensors: ReadonlyMap<string, FrozenTensor>;
  /** Bytes of all weights. */
  readonly weightBytes: number;
  /** @internal */
  readonly weights: Weights;
  readonly #session: EncoderSession;
  #digest: string | undefined;

  /** @internal */
  constructor(shape: EncoderShape, weights: Weights) {
    this.shape = shape;
    this.tensors = weights.tensors;
    this.weightBytes = [...weights.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    this.weights = weights;
    this.#session = new EncoderSession(shape, weights, UNADAPTED, new Float32Array(0), false);
  }

  /** Threads that compute, as those of a `LanguageBase`. */
  get threads(): number {
    return this.weights.memory.threads;
  }

  /** Ends the threads beside the calling one, which goes on alone. */
  close(): Promise<void> {
    return this.weights.memory.close();
  }

  /** SHA-256, in hexadecimal, over the shape and every weight as it is kept: vectors of equal digests compare. */
  digest(): string {
    this.#digest ??= digestOf('fedkit language encoder 1', this.shape, this.tensors, this.weights.memory);
    return this.#digest;
  }

  /**
   * States of every token behind the last block, shape [tokens, width].
   *
   * @param tokens - With the tokenizer's own first and last tokens, such as `[CLS]` and `[SEP]`, where the model has them.
   * @throws FedkitError `OUT_OF_RANGE` for a token outside the vocabulary or more tokens than the context,
   * `INVALID_ARGUMENT` for none, `BUDGET_EXHAUSTED` if the memory does not suffice.
   */
  states(tokens: ArrayLike<number>): Float32Array {
    checkText('states', tokens, this.shape);
    return this.#session.states([tokens]).slice();
  }

  /**
   * One vector a text, shape [width] each: the mean of its tokens' states, at length 1 unless `normalize` is false, as
   * sentence-transformers' MiniLM has it (Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084). A text's vector
   * does not depend on the texts beside it. O(tokens · layers · width · (width + hidden + tokens)).
   *
   * @param texts - Tokens as {@link states} takes them.
   * @throws FedkitError as {@link states}.
   */
  embed(texts: readonly ArrayLike<number>[], options: { readonly normalize?: boolean } = {}): Float32Array[] {
    checkEmbedOptions('embed', options);
    return embedTexts('embed', this.#session, texts, options);
  }
}
