/**
 * The `config.json` that Hugging Face's checkpoints come with.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { describe } from '@fedkit/core/internal';
import type { DecoderShape } from '../model/shape.ts';

/** Model types whose pieces serve, and what is their own. */
const TYPES: Readonly<Record<string, { readonly attentionBias: boolean }>> = {
  llama: { attentionBias: false },
  mistral: { attentionBias: false },
  qwen2: { attentionBias: true },
};

/**
 * The shape that a configuration describes.
 *
 * @param config - The parsed JSON.
 * @throws FedkitError `DECODE_FAILED`, naming the entry, for a model type, activation, scaling or bias that is not computed
 * here, or an entry that is missing.
 */
export function shapeOfConfig(config: unknown): DecoderShape {
  if (typeof config !== 'object' || config === null) malformed('config', 'an object', config);
  const entries = config as Readonly<Record<string, unknown>>;
  const type = entries.model_type;
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) {
    malformed('model_type', Object.keys(TYPES).join(', '), type);
  }
  const number = (name: string, otherwise?: number): number => {
    const value = entries[name] ?? otherwise;
    if (typeof value !== 'number') malformed(name, 'a number', value);
    return value;
  };
  const only = (name: string, expected: unknown): void => {
    const value = entries[name] ?? expected;
    if (value !== expected) malformed(name, String(expected), value);
  };
  only('hidden_act', 'silu');
  only('mlp_bias', false);
  // Llama's attention_bias would put one on the output product too, and leave the feed-forward network without.
  only('attention_bias', false);
  const rope = (entries.rope_parameters ?? entries.rope_scaling ?? {}) as Readonly<Record<string, unknown>>;
  const scaling = rope.rope_type ?? rope.type ?? 'default';
  if (scaling !== 'default') malformed('rope_scaling', 'none', scaling);
  const base = rope.rope_theta ?? entries.rope_theta ?? 10_000;
  if (typeof base !== 'number') malformed('rope_theta', 'a number', base);
  const [width, heads] = [number('hidden_size'), number('num_attention_heads')];
  const context = number('max_position_embeddings');
  const window = entries.use_sliding_window === false ? context : number('sliding_window', context);
  return {
    vocabulary: number('vocab_size'),
    width,
    layers: number('num_hidden_layers'),
    heads,
    keyValueHeads: number('num_key_value_heads', heads),
    headWidth: number('head_dim', width / heads),
    hidden: number('intermediate_size'),
    // Behind a sliding window attention would not be causal attention over everything.
    context: Math.min(context, window),
    norm: 'rms',
    epsilon: number('rms_norm_eps', 1e-6),
    feedForward: 'swiglu',
    positions: 'rotary',
    rotaryBase: base,
    rotaryPairs: 'halves',
    attentionBias: TYPES[type].attentionBias,
    bias: false,
    tiedEmbeddings: (entries.tie_word_embeddings ?? false) === true,
  };
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `config.json: ${where}: expected ${expected}, got ${describe(got)}`);
}
