/**
 * What the processes of the federation behind nginx share.
 *
 * @module
 */
import { quadraticTrainer } from '../../src/conformance/quadratic-trainer.ts';
import { fedAvg } from '../../src/algorithm/fed-avg.ts';
import { plainUpdates } from '../../src/pipeline/plain-updates.ts';

/** 1.4 MB a report: more than nginx takes at once. */
export const SIZE = 350_000;
export const ROUNDS = 3;
export const pipeline = plainUpdates({ algorithm: fedAvg(), size: SIZE });
export const initial = (): Float32Array => Float32Array.from({ length: SIZE }, (_, i) => (i % 100) / 8);

/** Each client draws the model to a place of its own. */
export function trainerOf(client: number): ReturnType<typeof quadraticTrainer> {
  return quadraticTrainer(
    initial().map((value) => value + client),
    1,
  );
}
