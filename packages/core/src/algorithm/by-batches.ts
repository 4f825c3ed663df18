/**
 * Local training a batch at a time, by algorithms whose step is more than a corrected gradient.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { checkInteger, refuse } from '../check.ts';
import type { LocalBatch, LocalResult, Trainer, TrainOptions } from '../client/trainer.ts';
import { checkState } from './local-update.ts';

/** The mean gradient of a batch, checked. */
export type BatchGradientAt = (at: Float32Array) => Promise<Float32Array>;

/**
 * Runs `step` on every local batch, which moves the parameters in place.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by a trainer without `batches`, `OUT_OF_RANGE` if a value becomes non-finite, `ABORTED`.
 */
export async function trainByBatches(
  where: string,
  trainer: Trainer,
  start: Float32Array,
  options: TrainOptions,
  step: (params: Float32Array, gradientAt: BatchGradientAt, batch: LocalBatch) => Promise<void>,
): Promise<LocalResult> {
  if (typeof trainer.batches !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer with batches, such as plainTrainer', 'one without');
  }
  checkAborted(where, options.signal);
  const { examples, each } = trainer.batches(options);
  const size = start.length;
  const params = start.slice();
  let steps = 0;
  for (const batch of each) {
    checkAborted(where, options.signal);
    steps++;
    await step(params, async (at) => checkState(`${where}: gradient`, await batch.gradient(at), size), batch);
    checkState(`${where}: parameters after step ${steps}`, params, size);
  }
  checkInteger(`${where}: local steps`, steps, 1);
  checkInteger(`${where}: examples`, examples, 1);
  return { values: params.map((value, i) => value - start[i]), steps, examples };
}
