/**
 * Low-rank adapters of an encoder's products.
 *
 * @module
 */
import { Layout, type Rng, seededRng, type TensorSpec } from '@fedkit/core';
import { checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { uniform } from '../adapt/lora.ts';
import { ENCODER_PRODUCTS, encoderBlock, type EncoderProduct, type EncoderShape, productShape } from './shape.ts';

/** What an encoder's adapter is like. */
export interface EncoderLoraOptions {
  /** r, an integer ≥ 1. */
  readonly rank: number;
  /** α > 0: the product is scaled by α/r; default 2·r. */
  readonly alpha?: number;
  /** Products by PEFT's names; default: queries and values. */
  readonly targets?: readonly EncoderProduct[] | 'all-linear';
  /** Which blocks, from 0; default: all. */
  readonly layers?: (layer: number) => boolean;
  /** FFA-LoRA: A is drawn from this seed, the same for everybody, and never moves. */
  readonly frozenA?: { readonly seed: number };
}

/** One adapted product: y += scale · B·A·x. */
interface AdaptedProduct {
  /** Where the factors are called so, without `.lora_A.weight`. */
  readonly path: string;
  readonly layer: number;
  readonly product: EncoderProduct;
  readonly outputs: number;
  readonly inputs: number;
}

/** An adapter for encoders of one shape. */
export interface EncoderAdapter {
  readonly rank: number;
  readonly scale: number;
  readonly products: readonly AdaptedProduct[];
  /** Of what trains. */
  readonly layout: Layout;
  /** Of what never moves, with its values. */
  readonly fixed: Layout;
  readonly fixedValues: Float32Array;
}

/** No adapter. */
export const UNADAPTED: EncoderAdapter = {
  rank: 0,
  scale: 0,
  products: [],
  layout: Layout.of([]),
  fixed: Layout.of([]),
  fixedValues: new Float32Array(0),
};

/** {@link EncoderAdapter} of checked options. @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT` by option. */
export function encoderAdapter(where: string, shape: EncoderShape, options: EncoderLoraOptions): EncoderAdapter {
  const rank = checkInteger(`${where}: rank`, options.rank, 1, 4096);
  const alpha = checkPositive(`${where}: alpha`, options.alpha ?? 2 * rank);
  const { targets = ['attention.self.query', 'attention.self.value'], layers = () => true, frozenA } = options;
  if (frozenA) checkInteger(`${where}: frozenA.seed`, frozenA.seed, 0, 0xffffffff);
  const names = targets === 'all-linear' ? ENCODER_PRODUCTS : targets;
  if (!Array.isArray(names) || names.length === 0) {
    refuse('INVALID_ARGUMENT', `${where}: targets`, "names of products or 'all-linear'", targets);
  }
  for (const name of names) {
    if (!ENCODER_PRODUCTS.includes(name))
      refuse('INVALID_ARGUMENT', `${where}: targets`, ENCODER_PRODUCTS.join(', '), name);
  }
  const products = Array.from({ length: shape.layers }, (_, layer) => layer)
    .filter(layers)
    .flatMap((layer) =>
      ENCODER_PRODUCTS.filter((product) => names.includes(product)).map((product) => {
        const [outputs, inputs] = productShape(shape, product);
        return { path: `${encoderBlock(layer)}${product}`, layer, product, outputs, inputs };
      }),
    );
  if (products.length === 0) refuse('INVALID_ARGUMENT', `${where}: layers`, 'at least one block', 'none');
  const a = products.map(({ path, inputs }): TensorSpec => ({ name: `${path}.lora_A.weight`, shape: [rank, inputs] }));
  const b = products.map(
    ({ path, outputs }): TensorSpec => ({ name: `${path}.lora_B.weight`, shape: [outputs, rank] }),
  );
  const fixed = Layout.of(frozenA ? a : []);
  const fixedValues = new Float32Array(fixed.size);
  if (frozenA) drawA(fixed, fixedValues, seededRng(frozenA.seed));
  const layout = Layout.of(frozenA ? b : products.flatMap((_, i) => [a[i], b[i]]));
  return { rank, scale: alpha / rank, products, layout, fixed, fixedValues };
}

/** Draws every A of a layout, LoRA's start; every B stays 0. */
export function drawA(layout: Layout, values: Float32Array, rng: Rng): void {
  for (const { name, shape, offset, size } of layout.tensors) {
    if (name.endsWith('.lora_A.weight')) uniform(values.subarray(offset, offset + size), shape[1], rng);
  }
}
