/**
 * What options of local training must be, whichever trainer they are for.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
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
  if (typeof options !== 'object' || options === null) {
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
