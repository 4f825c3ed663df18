/**
 * Which examples go into which local step: the part of local training that is the same for every trainer.
 *
 * @module
 */
import { type Rng, shuffle } from '../random.ts';
import type { TrainOptions } from './trainer.ts';

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
