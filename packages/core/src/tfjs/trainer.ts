/**
 * A trainer on TensorFlow.js: the caller's own `tf`, variables and loss; federated learning's loop around them.
 *
 * Parameters stay on the backend from the first local step to the last and are read back once.
 *
 * @module
 */
import { checkAborted, turn } from '../abort.ts';
import { checkVector, refuse } from '../check.ts';
import { localBatches } from '../client/batches.ts';
import { checkTrainOptions } from '../client/train-options.ts';
import { checkFinite } from '../finite.ts';
import { checkObjective } from '../client/objective.ts';
import type { Trainer } from '../client/trainer.ts';
import { FedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import { type BatchSource, batchSource } from './batch-source.ts';
import { correction } from './objective.ts';
import type { Scalar, Tensor, Tf, Variable } from './tf.ts';
import { readVariables, variablesLayout, writeVariables } from './variables.ts';

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

/** Variables that a trainer is working with at this moment. */
const busy = new WeakSet<Variable>();
const WORK_BETWEEN_TURNS = 2e8;
const EVALUATION_BATCH = 256;

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
  const { variables, loss } = options;
  const own = variablesLayout(variables);
  const layout = options.layout ?? own;
  const shapes = ({ tensors }: Layout) => JSON.stringify(tensors.map(({ shape }) => shape));
  if (shapes(layout) !== shapes(own)) {
    refuse('SHAPE_MISMATCH', 'tfjsTrainer: layout', `shapes ${shapes(own)}`, shapes(layout));
  }
  const source = batchSource(tf, options.data);
  const rows = Uint32Array.from({ length: source.examples }, (_, row) => row);
  const onBatch = <T>(batch: Uint32Array, use: (loss: () => Tensor) => T): T => {
    const tensors = [...source.batch(batch)];
    try {
      return use(() => loss(...tensors));
    } finally {
      tf.dispose(tensors);
    }
  };
  const gradientsOf = (value: () => Tensor, of: readonly Variable[]) => {
    const { value: at, grads } = registered(() => tf.variableGrads(value as () => Scalar, [...of]));
    // A variable that the loss does not depend on has gradient 0, not none.
    return { at: at as Tensor, gradients: of.map((variable) => grads[variable.name] ?? tf.zerosLike(variable)) };
  };

  /** Lends the variables to `use` with the values of `start` in them. */
  async function lend<T>(where: string, start: Float32Array, use: () => Promise<T>): Promise<T> {
    checkFinite(`${where}: ${where === 'train' ? 'start' : 'at'}`, checkVector(where, start, layout.size));
    if (variables.some((variable) => busy.has(variable))) {
      throw new FedkitError(
        'PROTOCOL_STATE',
        `${where}: expected variables that are free, got ones that another call trains`,
      );
    }
    const before = variables.map((variable) => variable.clone());
    for (const variable of variables) busy.add(variable);
    try {
      writeVariables(tf, variables, start);
      return await use();
    } finally {
      for (const [i, variable] of variables.entries()) {
        variable.assign(before[i]);
        busy.delete(variable);
      }
      tf.dispose(before);
    }
  }

  return {
    layout,
    async train(start, objective, train) {
      checkObjective('train', objective, layout.size);
      const { trainable } = objective;
      if (trainable && !trainable.layout.equals(layout)) {
        refuse('SHAPE_MISMATCH', 'train: trainable', "a selection of the trainer's layout", 'one of another layout');
      }
      checkTrainOptions('train', train);
      checkAborted('train', train.signal);
      return lend('train', start, async () => {
        const { learningRate, momentum = 0 } = train;
        const lossAtStart = train.lossAtStart === false ? undefined : await meanLoss(tf, rows, onBatch);
        const chosen = trainable && new Set(trainable.tensors.map(({ name }) => name));
        const places = layout.tensors.filter(({ name }) => chosen?.has(name) ?? true);
        const moving = places.map((place) => variables[layout.tensors.indexOf(place)]);
        const corrections = places.map((place) => correction(tf, objective, start, place));
        const velocities: (Tensor | undefined)[] = moving.map(() => undefined);
        let total = tf.scalar(0) as Tensor;
        let steps = 0;
        let work = 0;
        try {
          for (const batch of localBatches(rows, train)) {
            work += batch.length * layout.size;
            if (work > WORK_BETWEEN_TURNS) {
              work = 0;
              await turn();
            }
            checkAborted('train', train.signal);
            steps++;
            if (moving.length === 0) continue;
            onBatch(batch, (value) =>
              tf.tidy(() => {
                const { at, gradients } = gradientsOf(value, moving);
                const sum = tf.keep(tf.add(total, at));
                total.dispose();
                total = sum;
                moving.forEach((variable, i) => {
                  let step = corrections[i].apply(gradients[i], variable);
                  const velocity = velocities[i];
                  if (momentum !== 0) {
                    if (velocity) step = tf.add(tf.mul(velocity, momentum), step);
                    velocities[i] = tf.keep(step);
                    velocity?.dispose();
                  }
                  variable.assign(tf.sub(variable, tf.mul(step, learningRate)));
                });
              }),
            );
          }
          const [sum] = await total.data();
          if (!Number.isFinite(sum))
            refuse('OUT_OF_RANGE', 'train: sum of the losses of all local steps', 'a finite number', sum);
          const values = await readVariables(variables);
          for (let i = 0; i < values.length; i++) values[i] -= start[i];
          checkFinite('train: update', values);
          return { values, steps, examples: rows.length, ...(lossAtStart !== undefined && { lossAtStart }) };
        } finally {
          for (const held of corrections) held.dispose();
          tf.dispose([total, ...velocities.filter((velocity) => velocity !== undefined)]);
        }
      });
    },

    async gradient(at) {
      return lend('gradient', at, async () => {
        const sum = new Float64Array(layout.size);
        for (let first = 0; first < rows.length; first += EVALUATION_BATCH) {
          const batch = rows.subarray(first, first + EVALUATION_BATCH);
          const parts = onBatch(batch, (value) => tf.tidy(() => gradientsOf(value, variables).gradients));
          const read = await Promise.all(parts.map((part) => part.data()));
          tf.dispose(parts);
          let next = 0;
          for (const part of read) for (const value of part) sum[next++] += value * (batch.length / rows.length);
        }
        const gradient = Float32Array.from(sum);
        checkFinite('gradient', gradient);
        return gradient;
      });
    },
  };
}

/** Turns the one error that nearly everyone meets first into one that says what to do. */
function registered<T>(differentiate: () => T): T {
  try {
    return differentiate();
  } catch (error) {
    const missing = /gradient function not found for (\w+)/.exec(error instanceof Error ? error.message : '');
    if (!missing) throw error;
    const advice = 'import @tensorflow/tfjs, or in plain Node call registerGradients of @fedkit/core/tfjs/node';
    throw new FedkitError(
      'UNSUPPORTED_PLATFORM',
      `tfjsTrainer: expected gradients of tfjs-core to be registered, got none for ${missing[1]}; ${advice}`,
      { cause: error },
    );
  }
}

/** The mean of the loss over all `rows`, a bounded batch at a time. */
async function meanLoss(
  tf: Tf,
  rows: Uint32Array,
  onBatch: <T>(batch: Uint32Array, use: (loss: () => Tensor) => T) => T,
): Promise<number> {
  let sum = 0;
  for (let first = 0; first < rows.length; first += EVALUATION_BATCH) {
    const batch = rows.subarray(first, first + EVALUATION_BATCH);
    const value = onBatch(batch, (loss) => tf.tidy(loss));
    const [mean] = await value.data();
    value.dispose();
    sum += mean * batch.length;
  }
  return sum / rows.length;
}
