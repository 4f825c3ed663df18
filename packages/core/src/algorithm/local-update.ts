/**
 * What every algorithm checks about vectors that reach it: local updates, states, aggregates.
 *
 * @module
 */
import { checkInteger, checkNumber, checkVector } from '../check.ts';
import { checkFinite } from '../finite.ts';
import type { LocalObjective } from '../client/objective.ts';
import type { LocalResult, Trainer, TrainOptions } from '../client/trainer.ts';

/**
 * Trains and checks what comes back, which a trainer outside this package may get wrong.
 *
 * @throws FedkitError what the trainer throws; `SHAPE_MISMATCH` for an update of another length; `OUT_OF_RANGE` for an
 * update or loss that is not finite, for zero steps or examples.
 */
export async function localUpdate(
  where: string,
  trainer: Trainer,
  start: Float32Array,
  objective: LocalObjective,
  options: TrainOptions,
): Promise<LocalResult> {
  const result = await trainer.train(start, objective, options);
  checkState(`${where}: update`, result.values, start.length);
  checkInteger(`${where}: local steps`, result.steps, 1);
  checkInteger(`${where}: examples`, result.examples, 1);
  if (result.lossAtStart !== undefined) checkNumber(`${where}: loss at start`, result.lossAtStart);
  return result;
}

/** The trainer's gradient at `at`, checked like an update. */
export async function localGradient(where: string, trainer: Trainer, at: Float32Array): Promise<Float32Array> {
  return checkState(`${where}: gradient`, await trainer.gradient(at), at.length);
}

/**
 * Checks a finite vector of this model: `SHAPE_MISMATCH` or `OUT_OF_RANGE` otherwise, `INVALID_ARGUMENT` for no vector.
 */
export function checkState(where: string, values: unknown, size: number): Float32Array {
  const vector = checkVector(where, values, size);
  checkFinite(where, vector);
  return vector;
}

/** A fresh vector of `of(i)`, each rounded to float32 once. */
export function build(size: number, of: (i: number) => number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = of(i);
  return values;
}
