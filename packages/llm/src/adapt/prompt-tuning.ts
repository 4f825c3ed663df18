/**
 * Prompt tuning: trained virtual tokens in front of every text.
 *
 * Lester et al., "The Power of Scale for Parameter-Efficient Prompt Tuning", EMNLP 2021, https://arxiv.org/abs/2104.08691
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, refuse } from '@fedkit/core/internal';
import type { Adaptation } from './adaptation.ts';

/** How many virtual tokens. */
export interface PromptTuningOptions {
  /** An integer ≥ 1; they take places of the context. */
  readonly tokens: number;
  /** Tokens of the vocabulary that the virtual ones start at, repeated as needed; default: drawn from all. */
  readonly from?: readonly number[];
}

/**
 * `tokens` vectors of the model's width, in front of every window, each starting at the embedding of a token (§3.2 of the
 * paper). They take part in attention and have no target.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a number of tokens or a start out of range.
 */
export function promptTuning(options: PromptTuningOptions): Adaptation {
  checkOptions('promptTuning', options, { tokens: true, from: true } satisfies OptionNames<typeof options>);
  const tokens = checkInteger('promptTuning: tokens', options.tokens, 1, 4096);
  const { from } = options;
  const name = 'prompt_embeddings';
  return {
    kind: 'prompt',
    settings: { tokens },
    tensors(shape) {
      checkInteger('promptTuning: tokens', tokens, 1, shape.context - 1);
      for (const token of from ?? []) checkInteger('promptTuning: from', token, 0, shape.vocabulary - 1);
      return [{ name, shape: [tokens, shape.width] }];
    },
    init(_, tensor, rng, base) {
      const { shape } = base;
      for (let i = 0; i < tokens; i++) {
        const token = from && from.length > 0 ? from[i % from.length] : rng.below(shape.vocabulary);
        const start = base.row('model.embed_tokens.weight', token);
        if (start === undefined) refuse('INVALID_ARGUMENT', 'promptTuning', 'a base with weights', 'none');
        tensor.set(start, i * shape.width);
      }
    },
    change: () => undefined,
    prompt: { name, tokens },
  };
}
