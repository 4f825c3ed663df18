/**
 * Local training of TensorFlow.js variables, whoever computes the loss.
 *
 * Parameters stay on the backend from the first local step to the last and are read back once.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import { checkVector, refuse } from '../check.ts';
import { localBatches } from '../client/batches.ts';
import { checkTrainOptions } from '../client/train-options.ts';
import { checkFinite } from '../finite.ts';
import { checkObjective } from '../client/objective.ts';
import type { LocalBatch, Trainer } from '../client/trainer.ts';
import { FedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import type { Rng } from '../random.ts';
import type { BatchSource } from './batch-source.ts';
import { correction } from './objective.ts';
import type { Scalar, Tensor, Tf, Variable } from './tf.ts';
import { readVariables, writeVariables } from './variables.ts';

/** A local optimizer: any of `tf.train`. */
export interface LocalOptimizer {
  applyGradients(gradients: { name: string; tensor: Tensor }[]): void;
  dispose(): void;
}

/** Variables, and how they are trained. */
export interface VariablesTraining {
  /** Float32, in the order of the flat vector. */
  readonly variables: readonly Variable[];
  readonly layout: Layout;
  /** Those that gradients move; the others move as the loss moves them. */
  readonly trained: ReadonlySet<Variable>;
  readonly source: BatchSource;
  /** The mean loss over one batch, a scalar; `tell` hears how much it is a mean of, where that is not its examples. */
  readonly loss: (batch: readonly Tensor[], training: boolean, tell?: (count: number) => void) => Tensor;
  /** Around every local step. */
  readonly during?: <T>(rng: Rng, use: () => T) => T;
  /** New for every training; default: SGD with momentum. */
  readonly optimizer?: (learningRate: number, momentum: number) => LocalOptimizer;
}

/** Calls `use` with the loss on a batch of examples. */
type OnBatch = <T>(
  batch: Uint32Array,
  training: boolean,
  use: (loss: () => Tensor) => T,
  tell?: (count: number) => void,
) => T;

/** Variables that a trainer is working with at this moment. */
const busy = new WeakSet<Variable>();
const WORK_BETWEEN_TURNS = 2e8;
const EVALUATION_BATCH = 256;

/** A trainer of variables that are lent to it. @internal */
export function variablesTrainer(tf: Tf, setup: VariablesTraining): Trainer {
  const { variables, layout, trained, source, loss, during = (_, use) => use() } = setup;
  const rows = Uint32Array.from({ length: source.examples }, (_, row) => row);
  const onBatch: OnBatch = (batch, training, use, tell) => {
    const tensors = [...source.batch(batch)];
    try {
      return use(() => loss(tensors, training, tell));
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
        const variableOf = new Map(layout.tensors.map((place, i) => [place, variables[i]]));
        const trainedPlaces = places.filter((place) => trained.has(variableOf.get(place) as Variable));
        const moving = trainedPlaces.map((place) => variableOf.get(place) as Variable);
        const corrections = trainedPlaces.map((place) => correction(tf, objective, start, place));
        const velocities: (Tensor | undefined)[] = moving.map(() => undefined);
        const optimizer = setup.optimizer?.(learningRate, momentum);
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
            onBatch(batch, true, (value) =>
              tf.tidy(() => {
                const { at, gradients } = during(train.rng, () => gradientsOf(value, moving));
                const sum = tf.keep(tf.add(total, at));
                total.dispose();
                total = sum;
                const corrected = moving.map((variable, i) => corrections[i].apply(gradients[i], variable));
                if (optimizer) {
                  optimizer.applyGradients(moving.map(({ name }, i) => ({ name, tensor: corrected[i] })));
                  return;
                }
                moving.forEach((variable, i) => {
                  let step = corrected[i];
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
          // Statistics that are not to move have moved while the loss was computed.
          if (chosen)
            for (const { name, offset, size } of layout.tensors)
              if (!chosen.has(name)) values.fill(0, offset, offset + size);
          checkFinite('train: update', values);
          return { values, steps, examples: rows.length, ...(lossAtStart !== undefined && { lossAtStart }) };
        } finally {
          for (const held of corrections) held.dispose();
          optimizer?.dispose();
          tf.dispose([total, ...velocities.filter((velocity) => velocity !== undefined)]);
        }
      });
    },

    batches(options) {
      checkTrainOptions('batches', options);
      const moving = variables.filter((variable) => trained.has(variable));
      const gradient = (batch: Uint32Array, at: Float32Array) =>
        lend('gradient', at, async () => {
          const parts = onBatch(batch, true, (value) =>
            tf.tidy(() => {
              const { gradients } = during(options.rng, () => gradientsOf(value, moving));
              const found = new Map(gradients.map((part, i) => [moving[i], part]));
              return variables.map((variable) => found.get(variable) ?? tf.zerosLike(variable));
            }),
          );
          const values = Float32Array.from(
            (await Promise.all(parts.map((part) => part.data()))).flatMap((part) => [...part]),
          );
          tf.dispose(parts);
          return checkFinite('gradient', values);
        });
      function* each(): Generator<LocalBatch, void> {
        for (const batch of localBatches(rows, options)) yield { gradient: (at) => gradient(batch, at) };
      }
      return { examples: rows.length, each: each() };
    },

    async gradient(at) {
      return lend('gradient', at, async () => {
        const sum = new Float64Array(layout.size);
        let total = 0;
        for (let first = 0; first < rows.length; first += EVALUATION_BATCH) {
          const batch = rows.subarray(first, first + EVALUATION_BATCH);
          const moving = variables.filter((variable) => trained.has(variable));
          let count = batch.length;
          const parts = onBatch(
            batch,
            false,
            (value) =>
              tf.tidy(() => {
                const found = new Map(gradientsOf(value, moving).gradients.map((gradient, i) => [moving[i], gradient]));
                return variables.map((variable) => found.get(variable) ?? tf.zerosLike(variable));
              }),
            (counted) => (count = counted),
          );
          const read = await Promise.all(parts.map((part) => part.data()));
          tf.dispose(parts);
          total += count;
          let next = 0;
          for (const part of read) for (const value of part) sum[next++] += value * count;
        }
        const gradient = Float32Array.from(sum, (value) => (total === 0 ? 0 : value / total));
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

/** The mean of the loss over all `rows`, a bounded batch at a time; 0 where nothing counts. */
async function meanLoss(tf: Tf, rows: Uint32Array, onBatch: OnBatch): Promise<number> {
  let [sum, total] = [0, 0];
  for (let first = 0; first < rows.length; first += EVALUATION_BATCH) {
    const batch = rows.subarray(first, first + EVALUATION_BATCH);
    let count = batch.length;
    const value = onBatch(
      batch,
      false,
      (loss) => tf.tidy(loss),
      (counted) => (count = counted),
    );
    const [mean] = await value.data();
    value.dispose();
    sum += mean * count;
    total += count;
  }
  return total === 0 ? 0 : sum / total;
}
