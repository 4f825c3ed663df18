/**
 * A BERT-style encoder: texts to vectors.
 *
 * @module
 */
import { checkInteger, refuse } from '@fedkit/core/internal';
import { digestOf, type FrozenTensor, type Weights } from '../model/base.ts';
import { encode } from './pass.ts';
import type { EncoderShape } from './shape.ts';

/** Rows that go through at a time, unless one text has more. */
const ROWS = 1024;

/**
 * A frozen encoder. What a federation trains stands behind it: a head such as `softmaxRegression` over {@link embed}'s
 * vectors, whose update is a few kilobytes.
 */
export class LanguageEncoder {
  readonly shape: EncoderShape;
  /** By Hugging Face's names. */
  readonly tensors: ReadonlyMap<string, FrozenTensor>;
  /** Bytes of all weights. */
  readonly weightBytes: number;
  readonly #weights: Weights;
  #digest: string | undefined;

  /** @internal */
  constructor(shape: EncoderShape, weights: Weights) {
    this.shape = shape;
    this.tensors = weights.tensors;
    this.weightBytes = [...weights.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    this.#weights = weights;
  }

  /** SHA-256, in hexadecimal, over the shape and every weight as it is kept: vectors of equal digests compare. */
  digest(): string {
    this.#digest ??= digestOf('fedkit language encoder 1', this.shape, this.tensors, this.#weights.memory);
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
    this.#check('states', tokens);
    return encode(this.shape, this.#weights, [tokens]).slice();
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
    const { normalize = true } = options;
    for (const text of texts) this.#check('embed', text);
    const vectors: Float32Array[] = [];
    for (let next = 0; next < texts.length; ) {
      const first = next;
      let rows = 0;
      while (next < texts.length && (next === first || rows + texts[next].length <= ROWS)) rows += texts[next++].length;
      const part = texts.slice(first, next);
      const states = encode(this.shape, this.#weights, part);
      let at = 0;
      for (const { length } of part) {
        vectors.push(pooled(states.subarray(at, (at += length * this.shape.width)), this.shape.width, normalize));
      }
    }
    return vectors;
  }

  #check(where: string, tokens: ArrayLike<number>): void {
    const { vocabulary, context } = this.shape;
    if (tokens.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one token', 0);
    checkInteger(`${where}: tokens`, tokens.length, 1, context);
    for (let t = 0; t < tokens.length; t++) checkInteger(`${where}: tokens[${t}]`, tokens[t], 0, vocabulary - 1);
  }
}

function pooled(states: Float32Array, width: number, normalize: boolean): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < states.length; i++) sums[i % width] += states[i];
  let length = states.length / width;
  if (normalize) length = Math.sqrt(sums.reduce((sum, value) => sum + value * value, 0));
  // Where all states cancel there is no direction.
  return Float32Array.from(sums, (value) => (length === 0 ? 0 : value / length));
}
