/**
 * Which examples go into which local step: the part of local training that is the same for every trainer.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { type Rng, shuffle } from '../random.ts';
import type { TrainingLength, TrainOptions, TrainSettings } from './trainer.ts';

const TRAIN_OPTIONS: OptionNames<TrainSettings & TrainingLength> = {
  epochs: true,
  steps: true,
  batchSize: true,
  learningRate: true,
  momentum: true,
  rng: true,
  lossAtStart: true,
  signal: true,
};

/**
 * Checks how to train.
 *
 * @throws FedkitError `INVALID_ARGUMENT` unless exactly one of `epochs` and `steps` is given, and for options of no meaning;
 * `OUT_OF_RANGE` for numbers
 * outside the ranges that {@link TrainOptions} states.
 */
export function checkTrainOptions(where: string, options: TrainOptions): void {
  if (options === null || typeof options !== 'object') {
    const expected = 'an object such as { epochs: 1, batchSize: 32, learningRate: 0.1 }';
    refuse('INVALID_ARGUMENT', `${where}: options`, expected, options);
  }
  checkOptions(where, options, TRAIN_OPTIONS);
  const { epochs, steps, batchSize, learningRate, momentum, rng } = options;
  if ((epochs === undefined) === (steps === undefined)) {
    const got = epochs === undefined ? 'neither' : 'both';
    refuse('INVALID_ARGUMENT', `${where}: options`, 'exactly one of epochs and steps', got);
  }
  if (epochs !== undefined) checkPositive(`${where}: epochs`, epochs);
  if (steps !== undefined) checkInteger(`${where}: steps`, steps, 1);
  if (batchSize !== 'all') checkInteger(`${where}: batchSize`, batchSize, 1);
  checkPositive(`${where}: learningRate`, learningRate);
  if (momentum !== undefined) {
    checkNumber(`${where}: momentum`, momentum, 0, 1);
    if (momentum === 1) refuse('OUT_OF_RANGE', `${where}: momentum`, 'a finite number in [0, 1)', momentum);
  }
  if (typeof rng?.below !== 'function') refuse('INVALID_ARGUMENT', `${where}: rng`, 'an Rng', rng);
}

/**
 * K, the number of local steps over `examples` ≥ 1 examples: `steps`, or the `epochs` times ⌈examples / batchSize⌉
 * rounded to whole steps and at least one.
 */
export function localSteps(examples: number, { epochs, steps, batchSize }: TrainOptions): number {
  if (steps !== undefined) return steps;
  const perPass = batchSize === 'all' ? 1 : Math.ceil(examples / batchSize);
  return Math.max(1, Math.round((epochs as number) * perPass));
}

/**
 * The batches of local training, one a step: `rows`, shuffled anew for every pass, cut into `batchSize`; the last batch
 * of a pass may be smaller. Where one batch holds everything nothing is shuffled and nothing drawn.
 *
 * @param rows - The local examples, by whatever number finds them; not changed.
 * @returns Views that hold until the next batch is asked for.
 */
export function* localBatches(rows: Uint32Array, options: TrainOptions): Generator<Uint32Array, void> {
  const size = options.batchSize === 'all' ? rows.length : Math.min(options.batchSize, rows.length);
  const left = localSteps(rows.length, options);
  const order = rows.slice();
  for (let step = 0, next = rows.length; step < left; step++, next += size) {
    if (next >= rows.length) {
      next = 0;
      if (size < rows.length) shuffle(order, options.rng as Rng);
    }
    yield order.subarray(next, next + size);
  }
}
