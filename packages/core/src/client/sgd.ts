/**
 * Local stochastic gradient descent on a flat vector.
 *
 * McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017,
 * algorithm 1 (ClientUpdate), with the affine correction of {@link LocalObjective} and optional heavy-ball momentum.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import { refuse } from '../check.ts';
import { localBatches } from './batches.ts';
import { checkFinite } from '../finite.ts';
import { correct, type LocalObjective } from './objective.ts';
import type { TrainOptions } from './trainer.ts';

/**
 * Writes the gradient of the mean loss over the examples `rows` at `params` into `gradient` and returns that loss. What
 * happens to single examples on the way, such as clipping each one's gradient, is up to the function.
 */
export type BatchGradient = (params: Float32Array, rows: Uint32Array, gradient: Float32Array) => number;

/** Parameter–example products between two turns of the event loop: some tens of milliseconds. */
const WORK_BETWEEN_TURNS = 2e7;

/**
 * Runs local steps  g ← correction(∇ℓ(w; batch)),  v ← ρ·v + g,  w ← w − η·v  in float32. `options` and `objective` must
 * have been checked; the event loop gets its turns on the way.
 *
 * @param start - Shape [d]; not changed.
 * @param rows - The local examples.
 * @returns Trained minus start, shape [d], and the number of steps.
 * @throws FedkitError `OUT_OF_RANGE` if a loss or a parameter becomes non-finite, `ABORTED`.
 */
export async function localSgd(
  start: Float32Array,
  rows: Uint32Array,
  batchGradient: BatchGradient,
  objective: LocalObjective,
  options: TrainOptions,
): Promise<{ values: Float32Array; steps: number }> {
  const { learningRate, momentum = 0 } = options;
  const params = start.slice();
  const gradient = new Float32Array(params.length);
  const velocity = momentum === 0 ? gradient : new Float32Array(params.length);
  let steps = 0;
  let work = 0;
  for (const batch of localBatches(rows, options)) {
    work += batch.length * params.length;
    if (work > WORK_BETWEEN_TURNS) {
      work = 0;
      await turn();
    }
    checkAborted('train', options.signal);
    const loss = batchGradient(params, batch, gradient);
    steps++;
    if (!Number.isFinite(loss)) refuse('OUT_OF_RANGE', `train: loss at local step ${steps}`, 'a finite number', loss);
    correct(gradient, params, start, objective);
    if (momentum !== 0) for (let i = 0; i < gradient.length; i++) velocity[i] = momentum * velocity[i] + gradient[i];
    for (let i = 0; i < params.length; i++) params[i] -= learningRate * velocity[i];
  }
  for (let i = 0; i < params.length; i++) params[i] -= start[i];
  checkFinite(`train: update`, params);
  return { values: params, steps };
}
