/**
 * Example-level private training on one device, without a framework. Abadi et al., "Deep Learning with Differential Privacy", CCS
 * 2016, arXiv 1607.00133, algorithm 1, with integer noise.
 *
 * Each step draws every example by its own coin, clips each drawn example's gradient, adds exact discrete Gaussian noise to
 * their integer sum (mechanism/gaussian.ts), and divides by the expected batch size. Empty batches step on noise alone.
 *
 * Proof. A step is the mechanism's event under Poisson sampling with the stated probability: coins come from the secure stream,
 * 53 bits each, and are never more likely than stated. Corrections of the objective, momentum and the step itself read the noised
 * gradient and earlier parameters only: post-processing. Nothing else that depends on the examples leaves: no loss, and as number
 * of examples the public expectation.
 *
 * @module
 */
import {
  type Examples,
  FedkitError,
  type LocalResult,
  type PlainModel,
  type SecureRng,
  secureRng,
  type Trainer,
} from '@fedkit/core';
import { applyObjective, checkExamples, checkObjective, checkTrainOptions } from '@fedkit/core/extend';
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkPositive,
  checkVector,
  refuse,
  turn,
} from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { gaussianMechanism } from '../mechanism/gaussian.ts';

/** How a device protects its single examples. */
export interface DpSgdOptions {
  /** C > 0: each example's gradient is clipped to this L2 norm. */
  readonly clip: number;
  /** σ > 0: standard deviation of the noise on each coordinate of the sum of clipped gradients, in their unit. */
  readonly noiseStd: number;
  /** q in (0, 1]: the probability with which each example joins a step. A public constant, never computed from the data. */
  readonly samplingProbability: number;
  /** What the sum is divided by: a public constant, about q times the number of examples. */
  readonly expectedBatchSize: number;
  /** Default: the platform's CSPRNG. */
  readonly rng?: SecureRng;
}

/** What private local training gives back. */
export interface DpSgdResult extends LocalResult {
  /** What it cost each example. */
  readonly event: DpEvent;
}

/** A trainer that protects examples from whoever sees its results. */
export interface DpSgdTrainer extends Trainer {
  train(...parameters: Parameters<Trainer['train']>): Promise<DpSgdResult>;
  /** What `steps` steps cost each example: ask the ledger before training. */
  event(steps: number): DpEvent;
}

/** Parameter–example products between two turns of the event loop: some tens of milliseconds. */
const workBetweenTurns = 2e7;

/**
 * A trainer for any core algorithm whose clients report nothing but trained weights.
 *
 * Of the train options `steps` is the number of noisy steps; `epochs` counts as epochs / q steps; `batchSize` must be 'all' or the
 * expected batch size, since the sampling here is Poisson's; `lossAtStart` cannot be asked for. In the result `examples` is
 * expectedBatchSize / q, public.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, and what `checkExamples` throws.
 */
export function dpSgdTrainer(model: PlainModel, examples: Examples, options: DpSgdOptions): DpSgdTrainer {
  checkOptions('dpSgdTrainer', options, {
    clip: true,
    noiseStd: true,
    samplingProbability: true,
    expectedBatchSize: true,
    rng: true,
  } satisfies OptionNames<typeof options>);
  const where = 'dpSgdTrainer';
  const rows = checkExamples(where, examples, model.inputs, model.classes);
  const size = model.layout.size;
  const probability = checkPositive(`${where}: samplingProbability`, options.samplingProbability, 1);
  const expectedBatchSize = checkPositive(`${where}: expectedBatchSize`, options.expectedBatchSize);
  const { clip, noiseStd, rng = secureRng() } = options;
  const mechanism = gaussianMechanism({
    placement: 'central',
    size,
    clip,
    noiseStd,
    expectedWeight: expectedBatchSize,
    maximumContributions: Math.max(2 ** 20, rows.length),
  });
  const sampled = event.poissonSampled(probability, mechanism.event);
  const threshold = Math.floor(probability * 2 ** 53);
  const costOf = (steps: number): DpEvent => event.selfComposed(sampled, steps);

  /** The noised mean gradient of one Poisson batch. */
  function noisyGradient(params: Float32Array, gradient: Float32Array): { values: Float32Array; drawn: number } {
    const sum = mechanism.createSum();
    const row = new Uint32Array(1);
    for (const index of rows) {
      if ((rng.uint32() >>> 11) * 2 ** 32 + rng.uint32() >= threshold) continue;
      row[0] = index;
      model.lossAndGradient(params, examples, row, gradient);
      mechanism.accumulate(sum, gradient);
    }
    const drawn = sum.contributions;
    return { values: mechanism.release(sum, rng).values, drawn };
  }

  return {
    layout: model.layout,
    event: costOf,
    async train(start, objective, trainOptions) {
      checkVector(`${where}.train: start`, start, size);
      if (!start.every(Number.isFinite))
        refuse('OUT_OF_RANGE', `${where}.train: start`, 'finite values', 'NaN or Infinity');
      checkObjective(`${where}.train`, objective, size);
      checkTrainOptions(`${where}.train`, trainOptions);
      const { batchSize, learningRate, momentum = 0, signal } = trainOptions;
      if (batchSize !== 'all' && batchSize !== expectedBatchSize) {
        refuse(
          'INVALID_ARGUMENT',
          `${where}.train: batchSize`,
          `'all' or the expected ${expectedBatchSize}`,
          batchSize,
        );
      }
      if (trainOptions.lossAtStart === true) {
        refuse('INVALID_ARGUMENT', `${where}.train: lossAtStart`, 'false: a loss without noise is not private', true);
      }
      const steps = trainOptions.steps ?? Math.max(1, Math.round((trainOptions.epochs as number) / probability));
      const params = start.slice();
      const scratch = new Float32Array(size);
      const velocity = new Float32Array(size);
      let work = 0;
      for (let step = 0; step < steps; step++) {
        checkAborted(`${where}.train`, signal);
        const { values: gradient, drawn } = noisyGradient(params, scratch);
        applyObjective(gradient, params, start, objective);
        for (let i = 0; i < size; i++) {
          velocity[i] = momentum * velocity[i] + gradient[i];
          params[i] -= learningRate * velocity[i];
        }
        work += drawn * size;
        if (work > workBetweenTurns) {
          work = 0;
          await turn();
        }
      }
      for (let i = 0; i < size; i++) params[i] -= start[i];
      if (!params.every(Number.isFinite))
        refuse('OUT_OF_RANGE', `${where}.train: update`, 'finite values', 'NaN or Infinity');
      return { values: params, steps, examples: expectedBatchSize / probability, event: costOf(steps) };
    },
    gradient() {
      return Promise.reject(
        new FedkitError(
          'INVALID_ARGUMENT',
          `${where}.gradient: expected an algorithm that needs no gradient over all examples, got one; it would not be private`,
        ),
      );
    },
  };
}
