/**
 * A trainer of TensorFlow.js layers models: the caller's own model, an optimizer of its own in every round.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import type { Trainer } from '../client/trainer.ts';
import { Layout } from '../model/layout.ts';
import { type BatchSource, batchSource } from './batch-source.ts';
import { batchLoss, type ClassWeights, type IgnoredPositions, type LayersLoss, type LayersTf } from './layers-loss.ts';
import { type LayersModel, namedWeights, seededLayers } from './layers-model.ts';
import { withOutputMask } from './output-mask.ts';
import type { Tensor } from './tf.ts';
import { type LocalOptimizer, variablesTrainer } from './variables-trainer.ts';
import type { TensorRole } from '../model/layout.ts';

/** What is trained, how, and on what. */
export interface LayersTrainerOptions {
  readonly loss: LayersLoss;
  /**
   * Tensors whose first dimension counts the examples: the model's inputs in their order, then the labels. They stay the caller's. Or a
   * source of such batches.
   */
  readonly data: readonly Tensor[] | BatchSource;
  /**
   * The local optimizer, new for every call of `train`: nothing of it outlives a round. Default: SGD with the round's momentum.
   * Such as `(learningRate) => tf.train.adam(learningRate)`.
   */
  readonly optimizer?: (learningRate: number, momentum: number) => LocalOptimizer;
  readonly classWeights?: ClassWeights;
  /**
   * Padding: positions that count in no loss. `'masked'` where the model masks its output, `{ label: -100 }` where labels say so, in sparse,
   * binary or value labels alike. Default: every position counts, as in TensorFlow.js, also behind a mask.
   */
  readonly ignored?: IgnoredPositions;
  /** Other roles than {@link layersLayout}'s, by tensor: `local` for FedBN. Client and server must have the same. */
  readonly roles?: (tensor: { readonly name: string }) => TensorRole | undefined;
}

const OPTIONS: OptionNames<LayersTrainerOptions> = {
  loss: true,
  data: true,
  optimizer: true,
  classWeights: true,
  ignored: true,
  roles: true,
};

/**
 * A {@link Trainer} of a `tf.LayersModel`, sequential or functional, with one output. The model is lent as `tfjsTrainer`'s variables
 * are: once a call is over its weights hold what they held before.
 *
 * Its `layout` is that of {@link layersLayout}, with roles: give it to `withRoles` and to the pipeline. Moving statistics move while
 * training and stand still otherwise, dropout is drawn in training alone; regularizers of layers count. `gradient` and the loss at
 * the start are those of the model as it predicts.
 *
 * What TensorFlow.js 4.22 lets pass:
 *
 * - Labels outside the classes have a loss of 0 there. They are refused, as are one-hot labels that do not add up to 1.
 * - A dropout layer with a seed draws one mask for ever. Here every step has a seed of its own from the round's `rng`, whether the
 *   layer has one or not, so that a training repeats.
 * - A mask reaches recurrent layers and not the loss, which is over padding too. `ignored` leaves it out.
 * - Optimizers keep their state by position in the list of gradients. They are given every trained variable in every step, in one order.
 *
 * @param tf - `@tensorflow/tfjs`, or the `@tensorflow/tfjs-core` that the model's `@tensorflow/tfjs-layers` uses, gradients registered.
 * @throws FedkitError `INVALID_ARGUMENT` for a model that is not built or has several outputs, for labels and options that do not fit.
 * @example
 * ```ts
 * import '@tensorflow/tfjs-backend-cpu';
 * import * as tf from '@tensorflow/tfjs-core';
 * import * as layers from '@tensorflow/tfjs-layers';
 * import { fedAdam, plainUpdates, withRoles } from '@fedkit/core';
 * import { layersLayout, layersTrainer } from '@fedkit/core/tfjs';
 *
 * await tf.setBackend('cpu');
 * const model = layers.sequential({
 *   layers: [
 *     layers.layers.dense({ units: 4, inputShape: [2] }),
 *     layers.layers.batchNormalization(),
 *     layers.layers.dense({ units: 2, activation: 'softmax' }),
 *   ],
 * });
 * const trainer = layersTrainer(tf, model, {
 *   loss: 'sparseCategoricalCrossentropy',
 *   data: [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor1d([0, 1], 'int32')],
 *   optimizer: (learningRate) => tf.train.adam(learningRate),
 * });
 * const layout = layersLayout(model);
 * const pipeline = plainUpdates({ algorithm: withRoles(fedAdam({ learningRate: 0.01 }), layout), layout });
 * console.log(trainer.layout?.tensors[4].name, pipeline.size); // => batch_normalization_1/moving_mean 38
 * ```
 */
export function layersTrainer(tf: LayersTf, model: LayersModel, options: LayersTrainerOptions): Trainer {
  const where = 'layersTrainer';
  checkOptions(where, options, OPTIONS);
  const { optimizer, data, roles, ignored } = options;
  const weights = namedWeights(model);
  if (model.outputs?.length !== 1) {
    refuse('INVALID_ARGUMENT', `${where}: model`, 'one output', `${model.outputs?.length}`);
  }
  if (optimizer !== undefined && typeof optimizer !== 'function') {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: optimizer`,
      'a function that makes one, since every round has its own',
      optimizer,
    );
  }
  const own = Layout.of(weights.map(({ spec }) => spec));
  const layout = roles ? own.withRoles(roles) : own;
  const { shape } = model.outputs[0];
  const loss = batchLoss(tf, options, shape[shape.length - 1]);
  const source = checkedSource(tf, data, (labels) => loss.check(labels));
  const seeded = seededLayers(model.layers);

  return variablesTrainer(tf, {
    layout,
    source,
    variables: weights.map(({ variable }) => variable),
    trained: new Set(weights.filter(({ variable }) => variable.trainable).map(({ variable }) => variable)),
    ...(optimizer && { optimizer }),
    loss(batch, training, tell) {
      const inputs = batch.slice(0, -1);
      const predict = () => model.apply(inputs.length === 1 ? inputs[0] : inputs, { training }) as Tensor;
      const { result, mask } =
        ignored === 'masked' ? withOutputMask(tf, model, predict) : { result: predict(), mask: undefined };
      const labels = batch[batch.length - 1];
      const mean = releasing(mask, () => loss.mean(labels, result, mask, tell));
      return model.calculateLosses().reduce((sum, penalty) => tf.add(sum, penalty), mean);
    },
    during(rng, use) {
      const before = seeded.map(({ seed }) => seed);
      for (const layer of seeded) layer.seed = rng.below(2 ** 31);
      try {
        return use();
      } finally {
        for (const [i, layer] of seeded.entries()) layer.seed = before[i];
      }
    },
  });
}

/** Labels are looked at once, or in every batch of a source. */
function checkedSource(
  tf: LayersTf,
  data: readonly Tensor[] | BatchSource,
  check: (labels: Tensor) => void,
): BatchSource {
  const source = batchSource(tf, data);
  if (!('batch' in data)) {
    if (data.length < 2)
      refuse('INVALID_ARGUMENT', 'layersTrainer: data', 'inputs and labels', `${data.length} tensor`);
    check(data[data.length - 1]);
    return source;
  }
  return {
    examples: source.examples,
    batch(rows) {
      const tensors = source.batch(rows);
      try {
        check(tensors[tensors.length - 1]);
      } catch (error) {
        tf.dispose([...tensors]);
        throw error;
      }
      return tensors;
    },
  };
}

function releasing<T>(held: Tensor | undefined, use: () => T): T {
  try {
    return use();
  } finally {
    held?.dispose();
  }
}
