/**
 * The shape of a BERT-style encoder, its tensors, and the `config.json` that describes it.
 *
 * @module
 */
import { FedkitError, type TensorSpec } from '@fedkit/core';
import { checkInteger, checkNumber, describe, refuse } from '@fedkit/core/internal';

/**
 * An encoder as BERT's (Devlin et al. 2019, https://arxiv.org/abs/1810.04805): every token looks at every other; norms come
 * behind the sums, positions are learned, everything has biases.
 */
export interface EncoderShape {
  readonly vocabulary: number;
  /** Values d of a token's state. */
  readonly width: number;
  readonly layers: number;
  /** A divisor of `width`. */
  readonly heads: number;
  /** Units of the feed-forward network. */
  readonly hidden: number;
  /** The most tokens of a text. */
  readonly context: number;
  /** Kinds of segments; all tokens are of the first. */
  readonly segments: number;
  /** ε of the norms. */
  readonly epsilon: number;
  /** The exact GELU, or its tanh form. */
  readonly activation: 'gelu-erf' | 'gelu';
}

const LIMITS = { vocabulary: 1 << 20, width: 1 << 15, layers: 1 << 10, hidden: 1 << 17, context: 1 << 20 } as const;

/** `OUT_OF_RANGE` for sizes that are no integers in their range or do not go together. */
export function checkEncoderShape(where: string, shape: EncoderShape): EncoderShape {
  for (const [name, limit] of Object.entries(LIMITS)) {
    checkInteger(`${where}: ${name}`, shape[name as keyof typeof LIMITS], 1, limit);
  }
  checkInteger(`${where}: heads`, shape.heads, 1, shape.width);
  if (shape.width % shape.heads !== 0) {
    refuse('OUT_OF_RANGE', `${where}: heads`, `a divisor of width ${shape.width}`, shape.heads);
  }
  checkInteger(`${where}: segments`, shape.segments, 1, 1 << 10);
  checkNumber(`${where}: epsilon`, shape.epsilon, 0, 1);
  return shape;
}

/** Every tensor, by the names of Hugging Face's `BertModel`. */
export function encoderTensors(shape: EncoderShape): TensorSpec[] {
  const { vocabulary, width, layers, context, segments } = shape;
  const norm = (name: string): TensorSpec[] => [
    { name: `${name}.LayerNorm.weight`, shape: [width] },
    { name: `${name}.LayerNorm.bias`, shape: [width] },
  ];
  const product = (block: string, name: EncoderProduct): TensorSpec[] => {
    const [outputs, inputs] = productShape(shape, name);
    return [
      { name: `${block}${name}.weight`, shape: [outputs, inputs] },
      { name: `${block}${name}.bias`, shape: [outputs] },
    ];
  };
  return [
    { name: 'embeddings.word_embeddings.weight', shape: [vocabulary, width] },
    { name: 'embeddings.position_embeddings.weight', shape: [context, width] },
    { name: 'embeddings.token_type_embeddings.weight', shape: [segments, width] },
    ...norm('embeddings'),
    ...Array.from({ length: layers }, (_, layer) => {
      const block = encoderBlock(layer);
      return [
        ...product(block, 'attention.self.query'),
        ...product(block, 'attention.self.key'),
        ...product(block, 'attention.self.value'),
        ...product(block, 'attention.output.dense'),
        ...norm(`${block}attention.output`),
        ...product(block, 'intermediate.dense'),
        ...product(block, 'output.dense'),
        ...norm(`${block}output`),
      ];
    }).flat(),
  ];
}

/** Products of a block, by the ends of Hugging Face's names. */
export type EncoderProduct =
  | 'attention.self.query'
  | 'attention.self.key'
  | 'attention.self.value'
  | 'attention.output.dense'
  | 'intermediate.dense'
  | 'output.dense';

export const ENCODER_PRODUCTS: readonly EncoderProduct[] = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'intermediate.dense',
  'output.dense',
];

/** Outputs and inputs of a product. */
export function productShape({ width, hidden }: EncoderShape, product: EncoderProduct): [number, number] {
  if (product === 'intermediate.dense') return [hidden, width];
  return product === 'output.dense' ? [width, hidden] : [width, width];
}

/** Where the names of block `layer` begin. */
export function encoderBlock(layer: number): string {
  return `encoder.layer.${layer}.`;
}

/** Heads on top, and what follows from the position: not needed for states of tokens. */
const NOT_NEEDED = /^(pooler\.|cls\.|embeddings\.position_ids$)/;

/** What a tensor of a checkpoint is called here; `undefined` for one that is not needed. */
export function encoderTensorName(name: string): string | undefined {
  const own = name.replace(/^bert\./, '');
  return NOT_NEEDED.test(own) ? undefined : own;
}

const ACTIVATIONS: Readonly<Record<string, EncoderShape['activation']>> = {
  gelu: 'gelu-erf',
  gelu_new: 'gelu',
  gelu_pytorch_tanh: 'gelu',
};

/**
 * The shape that a `config.json` describes.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the entry, for another model type, activation or kind of positions, or an
 * entry that is missing.
 */
export function encoderShapeOfConfig(config: unknown): EncoderShape {
  if (typeof config !== 'object' || config === null) malformed('config', 'an object', config);
  const entries = config as Readonly<Record<string, unknown>>;
  const only = (name: string, expected: unknown): void => {
    const value = entries[name] ?? expected;
    if (value !== expected) malformed(name, String(expected), value);
  };
  if (entries.model_type !== 'bert') malformed('model_type', 'bert', entries.model_type);
  only('position_embedding_type', 'absolute');
  only('is_decoder', false);
  const named = entries.hidden_act ?? 'gelu';
  if (typeof named !== 'string' || !Object.hasOwn(ACTIVATIONS, named)) {
    malformed('hidden_act', Object.keys(ACTIVATIONS).join(', '), named);
  }
  const number = (name: string, otherwise?: number): number => {
    const value = entries[name] ?? otherwise;
    if (typeof value !== 'number') malformed(name, 'a number', value);
    return value;
  };
  return {
    vocabulary: number('vocab_size'),
    width: number('hidden_size'),
    layers: number('num_hidden_layers'),
    heads: number('num_attention_heads'),
    hidden: number('intermediate_size'),
    context: number('max_position_embeddings'),
    segments: number('type_vocab_size', 2),
    epsilon: number('layer_norm_eps', 1e-12),
    activation: ACTIVATIONS[named],
  };
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `config.json: ${where}: expected ${expected}, got ${describe(got)}`);
}
