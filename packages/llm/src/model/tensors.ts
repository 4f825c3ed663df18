/**
 * The tensors of a decoder by their names in Hugging Face's Llama, which other shapes follow.
 *
 * @module
 */
import type { TensorSpec } from '@fedkit/core';
import type { DecoderShape } from './shape.ts';

/** The products of a block, by their names in it. */
export const LINEARS = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
] as const;

/** Name of a product in a block. */
export type LinearName = (typeof LINEARS)[number];

/** Where the names of block `layer` begin. */
export function blockName(layer: number): string {
  return `model.layers.${layer}.`;
}

/** Products that the shape has, with [outputs, inputs]. */
export function linearShapes(shape: DecoderShape): ReadonlyMap<LinearName, readonly [number, number]> {
  const { width, hidden, heads, keyValueHeads, headWidth } = shape;
  const all: Readonly<Record<LinearName, readonly [number, number]>> = {
    'self_attn.q_proj': [heads * headWidth, width],
    'self_attn.k_proj': [keyValueHeads * headWidth, width],
    'self_attn.v_proj': [keyValueHeads * headWidth, width],
    'self_attn.o_proj': [width, heads * headWidth],
    'mlp.gate_proj': [hidden, width],
    'mlp.up_proj': [hidden, width],
    'mlp.down_proj': [width, hidden],
  };
  return new Map(
    LINEARS.filter((name) => name !== 'mlp.gate_proj' || shape.feedForward === 'swiglu').map((name) => [
      name,
      all[name],
    ]),
  );
}

/** Whether a product has a bias. */
function hasBias(shape: DecoderShape, name: LinearName): boolean {
  return /[qkv]_proj$/.test(name) ? shape.attentionBias : shape.bias;
}

/** Every tensor of the shape, in an order that never changes. */
export function tensorsOf(shape: DecoderShape): TensorSpec[] {
  const { vocabulary, width, context, layers } = shape;
  const norm = (name: string): TensorSpec[] => [
    { name: `${name}.weight`, shape: [width] },
    ...(shape.norm === 'layer' ? [{ name: `${name}.bias`, shape: [width] }] : []),
  ];
  const tensors: TensorSpec[] = [{ name: 'model.embed_tokens.weight', shape: [vocabulary, width] }];
  if (shape.positions === 'learned') tensors.push({ name: 'model.embed_positions.weight', shape: [context, width] });
  for (let layer = 0; layer < layers; layer++) {
    const block = blockName(layer);
    tensors.push(...norm(`${block}input_layernorm`));
    for (const [name, [outputs, inputs]] of linearShapes(shape)) {
      if (name === (shape.feedForward === 'swiglu' ? 'mlp.gate_proj' : 'mlp.up_proj')) {
        tensors.push(...norm(`${block}post_attention_layernorm`));
      }
      tensors.push({ name: `${block}${name}.weight`, shape: [outputs, inputs] });
      if (hasBias(shape, name)) tensors.push({ name: `${block}${name}.bias`, shape: [outputs] });
    }
  }
  tensors.push(...norm('model.norm'));
  if (!shape.tiedEmbeddings) tensors.push({ name: 'lm_head.weight', shape: [vocabulary, width] });
  return tensors;
}
