/**
 * FlexLoRA and FLoRIST as algorithms of `@fedkit/core`.
 *
 * @module
 */
import { type Algorithm, type NoState, type RobustAggregator, record } from '@fedkit/core';
import { checkOptions, type OptionNames, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { checkRoundInfo, checkState, localUpdate, robustAggregator } from '@fedkit/core/extend';
import type { LanguageModel } from '../model/language-model.ts';
import { scaleOf } from './factors.ts';
import { truncatedProduct } from './products.ts';

/** The adapter, and by how much it misses the mean product of the last round. */
export type ProductState = { readonly params: Float32Array; readonly truncationError: number };
/** What clients receive. */
export type ProductBroadcast = { readonly params: Float32Array };
/**
 * What a client reports, shape [d + 1]: its trained adapter, factors themselves, and a 0; what the aggregator makes of
 * them: the adapter, and √Σ of the squared singular values that were cut.
 */
export type ProductUpdate = { readonly adapter: Float32Array };

/** An algorithm over adapters that needs single updates: secure sums and noise on sums are refused by its type. */
export type ProductAlgorithm = Algorithm<ProductState, ProductBroadcast, NoState, ProductUpdate, ProductUpdate>;

/**
 * FlexLoRA (Bai et al., NeurIPS 2024, https://arxiv.org/abs/2402.11505) for clients of one rank: the server decomposes
 * Σ p_k·s·B_k·A_k and sends down its best adapter of the model's rank.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a model that is not adapted by pairs of factors.
 */
export function flexLora(model: LanguageModel): ProductAlgorithm {
  return productAlgorithm('flexLora', model, 1);
}

/**
 * FLoRIST (Ramesh and Goyal 2025, https://arxiv.org/abs/2506.09199): as {@link flexLora}, and per product only as many
 * singular values as hold a share `energy` of their squares, so that what goes down is mostly zeros and small to encode.
 *
 * @throws FedkitError as {@link flexLora}; `OUT_OF_RANGE` unless `energy` is in (0, 1].
 */
export function florist(model: LanguageModel, options: { readonly energy: number }): ProductAlgorithm {
  checkOptions('florist', options, { energy: true } satisfies OptionNames<typeof options>);
  checkPositive('florist: energy', checkNumber('florist: energy', options.energy, 0, 1));
  return productAlgorithm('florist', model, options.energy);
}

function productAlgorithm(kind: string, model: LanguageModel, energy: number): ProductAlgorithm {
  const { layout } = model;
  const scale = scaleOf(model);
  const rank = model.adaptation.settings.rank as number;
  return {
    kind,
    init(params) {
      return { params: checkState(`${kind}.init: params`, params, layout.size).slice(), truncationError: 0 };
    },
    params: (state) => state.params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, trainer, options }) {
      const where = `${kind}.clientRound`;
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...options });
      const adapter = new Float32Array(layout.size + 1);
      for (let i = 0; i < layout.size; i++) adapter[i] = params[i] + values[i];
      return { contribution: { values: { adapter }, weight: rest.examples }, state: {}, local: rest };
    },
    aggregator(size) {
      if (size !== layout.size) refuse('SHAPE_MISMATCH', `${kind}.aggregator: size`, `${layout.size}`, size);
      return record({ adapter: productRule(kind, model, { rank, scale, energy }) });
    },
    serverStep(_, { adapter }, info) {
      checkRoundInfo(`${kind}.serverStep`, info);
      checkState(`${kind}.serverStep: adapter`, adapter, layout.size + 1);
      return { params: adapter.slice(0, layout.size), truncationError: adapter[layout.size] };
    },
  };
}

/** Keeps every client's adapter until the round ends, O(n·d), and decomposes their product then. */
function productRule(
  kind: string,
  { layout }: LanguageModel,
  how: { readonly rank: number; readonly scale: number; readonly energy: number },
): RobustAggregator {
  return robustAggregator({
    name: kind,
    size: layout.size + 1,
    options: how,
    combine({ values, weights }) {
      const updates = values.map((own, k) => ({
        layout,
        values: own.subarray(0, layout.size),
        scale: how.scale,
        weight: weights[k],
      }));
      const found = truncatedProduct(updates, how);
      const combined = new Float32Array(layout.size + 1);
      for (const { name, offset } of layout.tensors) combined.set(found.layout.view(found.values, name), offset);
      combined[layout.size] = found.error;
      return combined;
    },
  });
}
