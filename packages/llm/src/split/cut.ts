/**
 * A model cut in two at a layer: a device's half and a server's.
 *
 * @module
 */
import type { Layout, Selection } from '@fedkit/core';
import { checkOptions, type OptionNames, checkVector, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import type { DecoderShape } from '../model/shape.ts';
import { blockName } from '../model/tensors.ts';
import { Network } from '../network/network.ts';
import type { Part } from '../network/part.ts';

/**
 * Who has the head. `labels-stay`, U-shaped: embedding, first blocks, last norm and head on the device; states go to the server
 * and come back, and no token leaves. `labels-to-server`: the device has embedding and first blocks alone and sends the
 * targets, which in a language model are the text itself.
 */
export type SplitForm = 'labels-stay' | 'labels-to-server';

/** Where to cut. */
export interface SplitOptions {
  /** The last layer that the device computes before states leave it: `model.embed_tokens`, or `model.layers.1`. */
  readonly after: string;
  /** Default `labels-stay`. */
  readonly form?: SplitForm;
}

/** One machine's half of a model. */
export interface ModelHalf {
  readonly side: 'device' | 'server';
  readonly form: SplitForm;
  readonly model: LanguageModel;
  /** Of this half's trainable vector. */
  readonly layout: Layout;
  /** The same tensors within the whole model's vector: `gather` takes a half out, `scatter` puts one back. */
  readonly selection: Selection;
  /** @internal */
  readonly network: Network;
}

/** Both halves. */
export interface SplitModel {
  readonly device: ModelHalf;
  readonly server: ModelHalf;
}

/**
 * Cuts a model (Gupta and Raskar, "Distributed learning of deep neural network over multiple agents", 2018,
 * https://arxiv.org/abs/1810.06060; the U-shape: Vepakomma et al., "Split learning for health", 2018,
 * https://arxiv.org/abs/1812.00564). Every tensor is in exactly one half. Tied embeddings stay whole on the device under
 * `labels-stay`; under `labels-to-server` a tied embedding that trains cannot be in two places and is refused.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a layer that the model does not have or that leaves no block to the server, an
 * unknown form, or tied embeddings as above.
 * @example
 * ```ts
 * import { splitModel, transformer } from '@fedkit/llm';
 *
 * const model = transformer({ vocabulary: 64, width: 16, layers: 4, heads: 2 });
 * const { device, server } = splitModel(model, { after: 'model.layers.0' });
 * console.log(device.layout.size + server.layout.size === model.layout.size); // => true
 * console.log(server.layout.tensors[0].name); // => model.layers.1.input_layernorm.weight
 * ```
 */
export function splitModel(model: LanguageModel, options: SplitOptions): SplitModel {
  checkOptions('splitModel', options, { after: true, form: true } satisfies OptionNames<typeof options>);
  const { form = 'labels-stay' } = options;
  if (form !== 'labels-stay' && form !== 'labels-to-server') {
    refuse('INVALID_ARGUMENT', 'splitModel: form', "'labels-stay' or 'labels-to-server'", form);
  }
  const { shape } = model;
  const cut = blocksUpTo(shape, options.after);
  const stays = form === 'labels-stay';
  if (!stays && shape.tiedEmbeddings && model.layout.has('model.embed_tokens.weight')) {
    const expected = "untied embeddings (tiedEmbeddings: false), or form 'labels-stay'";
    refuse('INVALID_ARGUMENT', 'splitModel: form', expected, 'a trained embedding that is the head too');
  }
  const half = (side: ModelHalf['side'], part: Part): ModelHalf => {
    const network = new Network(model.base, model.adaptation, part);
    const { layout } = network;
    const selection = model.layout.select(({ name }) => layout.has(name));
    return { side, form, model, layout, selection, network };
  };
  return {
    device: half('device', { from: 0, to: cut, embeds: true, heads: stays, inputGradient: false }),
    server: half('server', { from: cut, to: shape.layers, embeds: false, heads: !stays, inputGradient: true }),
  };
}

/**
 * The whole model's parameters of both halves', shape [model.layout.size].
 *
 * @throws FedkitError `SHAPE_MISMATCH` for halves of other sizes.
 */
export function joinHalves({ device, server }: SplitModel, own: Float32Array, others: Float32Array): Float32Array {
  checkVector('joinHalves: device', own, device.layout.size);
  checkVector('joinHalves: server', others, server.layout.size);
  const whole = new Float32Array(device.model.layout.size);
  device.selection.scatter(own, whole);
  server.selection.scatter(others, whole);
  return whole;
}

/** How many blocks there are up to this layer. */
function blocksUpTo({ layers }: DecoderShape, after: string): number {
  const names = ['model.embed_tokens', ...Array.from({ length: layers - 1 }, (_, i) => blockName(i).slice(0, -1))];
  const place = names.indexOf(after);
  if (place < 0) {
    refuse('INVALID_ARGUMENT', 'splitModel: after', `model.embed_tokens or model.layers.0 to .${layers - 2}`, after);
  }
  return place;
}
