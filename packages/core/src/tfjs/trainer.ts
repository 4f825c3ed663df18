/**
 * A trainer on TensorFlow.js: the caller's own `tf`, variables and loss; federated learning's loop around them.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import type { Trainer } from '../client/trainer.ts';
import type { Layout } from '../model/layout.ts';
import { type BatchSource, batchSource } from './batch-source.ts';
import type { Tensor, Tf, Variable } from './tf.ts';
import { variablesLayout } from './variables.ts';
import { variablesTrainer } from './variables-trainer.ts';

/** What is trained, and on what. */
export interface TfjsTrainerOptions {
  /** The model's trainable float32 variables; their order is that of the flat vector. */
  readonly variables: readonly Variable[];
  /**
   * The mean loss over one batch, a scalar, computed from the variables: what `tf.variableGrads` differentiates. It gets the
   * tensors of `data`, in their order, cut to the batch.
   */
  readonly loss: (...batch: Tensor[]) => Tensor;
  /** Tensors whose first dimension counts the examples, which stay the caller's; or a source of batches. */
  readonly data: readonly Tensor[] | BatchSource;
  /**
   * The layout that the federation knows the parameters by; default: the variables' names and shapes. TensorFlow.js wants
   * names that are unique in a process, so a second copy of a model needs it.
   */
  readonly layout?: Layout;
}

/**
 * A {@link Trainer} over the caller's variables. They are only lent: once a call is over, however it ends, they hold what
 * they held before, and `tf.memory()` counts as many tensors.
 *
 * Everything that gradients need must have been registered: import `@tensorflow/tfjs`, or from `@tensorflow/tfjs-core`
 * also `@tensorflow/tfjs-core/dist/register_all_gradients`, which bundlers resolve; in plain Node call
 * `registerGradients` of `@fedkit/core/tfjs/node`.
 *
 * @param tf - Types only are imported here; this is the one copy that runs.
 * @throws FedkitError `INVALID_ARGUMENT` for variables that are not float32 and trainable or data without examples,
 * `SHAPE_MISMATCH` if tensors of `data` or the layout do not go together.
 * @example
 * ```ts
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { tfjsTrainer } from '@fedkit/core/tfjs';
 *
 * await tf.setBackend('wasm');
 * const weights = tf.variable(tf.zeros([2, 1]), true, 'weights');
 * const trainer = tfjsTrainer(tf, {
 *   variables: [weights],
 *   loss: (x, y) => tf.mean(tf.squaredDifference(tf.matMul(x, weights), y)),
 *   data: [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[2], [3]])],
 * });
 * console.log(trainer.layout?.tensors.map(({ name, shape }) => `${name} ${shape.join()}`)); // => [ 'weights 2,1' ]
 * ```
 */
export function tfjsTrainer(tf: Tf, options: TfjsTrainerOptions): Trainer {
  checkOptions('tfjsTrainer', options, { variables: true, loss: true, data: true, layout: true } satisfies OptionNames<
    typeof options
  >);
  const { variables, loss } = options;
  const own = variablesLayout(variables);
  const layout = options.layout ?? own;
  const shapes = ({ tensors }: Layout) => JSON.stringify(tensors.map(({ shape }) => shape));
  if (shapes(layout) !== shapes(own)) {
    refuse('SHAPE_MISMATCH', 'tfjsTrainer: layout', `shapes ${shapes(own)}`, shapes(layout));
  }
  const source = batchSource(tf, options.data);
  return variablesTrainer(tf, {
    variables,
    layout,
    trained: new Set(variables),
    source,
    loss: (batch) => loss(...batch),
  });
}
