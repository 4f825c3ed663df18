/**
 * A trainer without a framework: a {@link PlainModel} and the examples of one client.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { checkVector } from '../check.ts';
import { checkTrainOptions } from './train-options.ts';
import { localBatches } from './batches.ts';
import { checkExamples, type Examples } from './examples.ts';
import type { PlainModel } from './mlp.ts';
import { checkFinite } from '../finite.ts';
import { checkObjective } from './objective.ts';
import { localSgd } from './sgd.ts';
import type { LocalBatch, Representation, Trainer } from './trainer.ts';

/**
 * Trains `model` on `examples`, which are read where they are, never copied. Two engines given the same start, examples,
 * objective, options and seed come to the same bytes.
 *
 * @throws FedkitError as {@link checkExamples} if the examples do not fit the model.
 * @example
 * ```ts
 * import { plainTrainer, softmaxRegression } from '@fedkit/core';
 *
 * const trainer = plainTrainer(softmaxRegression({ inputs: 2, classes: 2 }), {
 *   inputs: Float32Array.of(0, 1, 1, 0),
 *   labels: Uint8Array.of(0, 1),
 * });
 * console.log(trainer.layout?.size); // => 6
 * ```
 */
export function plainTrainer(model: PlainModel, examples: Examples): Trainer {
  const rows = checkExamples('plainTrainer', examples, model.inputs, model.classes);
  const size = model.layout.size;
  const batchGradient = (params: Float32Array, batch: Uint32Array, gradient: Float32Array) =>
    model.lossAndGradient(params, examples, batch, gradient);
  const gradientOver = async (batch: Uint32Array, at: Float32Array) => {
    const gradient = new Float32Array(size);
    batchGradient(at, batch, gradient);
    return checkFinite('gradient', gradient);
  };
  return {
    layout: model.layout,
    async train(start, objective, options) {
      checkFinite('train: start', checkVector('train: start', start, size));
      checkObjective('train', objective, size);
      checkTrainOptions('train', options);
      checkAborted('train', options.signal);
      const lossAtStart = options.lossAtStart === false ? undefined : model.evaluate(start, { ...examples, rows }).loss;
      const { values, steps } = await localSgd(start, rows, batchGradient, objective, options);
      return { values, steps, examples: rows.length, ...(lossAtStart !== undefined && { lossAtStart }) };
    },
    gradient: (at) => gradientOver(rows, at),
    batches(options) {
      checkTrainOptions('batches', options);
      function* each(): Generator<LocalBatch, void> {
        for (const batch of localBatches(rows, options)) {
          yield {
            gradient: (at) => gradientOver(batch, at),
            ...(model.represent && {
              represent: async (at) => model.represent?.(at, examples, batch) as Representation,
            }),
          };
        }
      }
      return { examples: rows.length, each: each() };
    },
  };
}
