/**
 * Transformers of one's own shape.
 *
 * @module
 */
import type { Adaptation } from '../adapt/adaptation.ts';
import { full } from '../adapt/full.ts';
import { refuse, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { KernelMemory } from '../kernels/memory.ts';
import type { KernelOptions } from '../kernels/options.ts';
import { LanguageBase } from './base.ts';
import { LanguageModel } from './language-model.ts';
import { checkShape, type DecoderShape } from './shape.ts';

/** What must be said of a transformer; the rest follows from its style. */
export type TransformerOptions = Pick<DecoderShape, 'vocabulary' | 'width' | 'layers' | 'heads'> &
  Partial<DecoderShape> &
  KernelOptions & {
    /**
     * `llama`: RMS norm, rotary positions, SiLU-gated units of 8/3 widths, no biases. `gpt`: layer norm, learned positions,
     * GELU units of 4 widths, biases. Either with tied embeddings; default `llama`.
     */
    readonly style?: 'llama' | 'gpt';
  };

const OPTIONS: OptionNames<TransformerOptions> = {
  vocabulary: true,
  width: true,
  layers: true,
  heads: true,
  keyValueHeads: true,
  headWidth: true,
  hidden: true,
  context: true,
  norm: true,
  epsilon: true,
  feedForward: true,
  positions: true,
  rotaryBase: true,
  rotaryPairs: true,
  attentionBias: true,
  bias: true,
  tiedEmbeddings: true,
  style: true,
  kernels: true,
  threads: true,
};

/**
 * A decoder-only transformer whose every parameter trains, from nothing.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are no integers in their range or do not go together,
 * `INVALID_ARGUMENT` for a kind that is not known.
 * @example
 * ```ts
 * import { transformer } from '@fedkit/llm';
 *
 * const model = transformer({ vocabulary: 256, width: 64, layers: 2, heads: 4, context: 64 });
 * console.log(model.layout.size); // => 117056
 * ```
 */
export function transformer(options: TransformerOptions): LanguageModel {
  checkOptions('transformer', options, OPTIONS);
  const { style = 'llama', kernels, threads, ...given } = options;
  if (style !== 'llama' && style !== 'gpt') refuse('INVALID_ARGUMENT', 'transformer: style', "'llama' or 'gpt'", style);
  const llama = style === 'llama';
  const shape: DecoderShape = {
    keyValueHeads: given.heads,
    headWidth: Math.floor(given.width / given.heads),
    hidden: llama ? 8 * Math.ceil(given.width / 3) : 4 * given.width,
    context: 256,
    norm: llama ? 'rms' : 'layer',
    epsilon: 1e-5,
    feedForward: llama ? 'swiglu' : 'gelu',
    positions: llama ? 'rotary' : 'learned',
    rotaryBase: 10_000,
    rotaryPairs: 'halves',
    attentionBias: !llama,
    bias: !llama,
    tiedEmbeddings: true,
    ...given,
  };
  checkShape('transformer', shape);
  return new LanguageModel(
    new LanguageBase(
      shape,
      new Map(),
      new KernelMemory({ ...(kernels && { kernels }), ...(threads !== undefined && { threads }) }),
    ),
    full(),
  );
}

/**
 * The same base with another part of it trained, or an adapter in front.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an adaptation that the base has no place or no weights for.
 */
export function adapt(base: LanguageBase, adaptation: Adaptation): LanguageModel {
  if (base.tensors.size === 0) {
    refuse('INVALID_ARGUMENT', 'adapt: base', 'a base with weights, such as freeze(model, params)', 'none');
  }
  return new LanguageModel(base, adaptation);
}
