/**
 * Which of a client's examples it measures on, and never trains on.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, type OptionNames } from '../check.ts';
import { seededRng } from '../random.ts';

/** How examples are split. */
export interface HoldOutOptions {
  /** The share that is held out, in [0, 1]: each example with this probability. */
  readonly fraction: number;
  /** Another split for another seed. A client's own name makes splits of clients differ. */
  readonly seed: number | string;
}

/** Row numbers, ascending: together every example once. */
export interface HoldOut {
  readonly training: Uint32Array;
  readonly heldOut: Uint32Array;
}

const OPTIONS: OptionNames<HoldOutOptions> = { fraction: true, seed: true };

/**
 * Splits examples into those to train on and those to measure on. Which side example i is on follows from `seed` and i alone: the
 * split is the same after a restart, and as examples are appended those that were there stay where they were, so that what was
 * measured on never enters the training.
 *
 * @param count - Number of examples.
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options.
 * @complexity O(count).
 * @example
 * ```ts
 * import { holdOut } from '@fedkit/core';
 *
 * const { training, heldOut } = holdOut(1000, { fraction: 0.2, seed: 'client 7' });
 * console.log(training.length + heldOut.length); // => 1000
 * const later = holdOut(1200, { fraction: 0.2, seed: 'client 7' });
 * console.log(later.heldOut.subarray(0, heldOut.length).join() === heldOut.join()); // => true
 * ```
 */
export function holdOut(count: number, options: HoldOutOptions): HoldOut {
  const where = 'holdOut';
  checkOptions(where, options, OPTIONS);
  checkInteger(`${where}: count`, count, 0, 0xffffffff);
  const fraction = checkNumber(`${where}: fraction`, options.fraction, 0, 1);
  const rng = seededRng(options.seed);
  const sides: [training: number[], heldOut: number[]] = [[], []];
  for (let i = 0; i < count; i++) sides[rng.uniform() < fraction ? 1 : 0].push(i);
  return { training: Uint32Array.from(sides[0]), heldOut: Uint32Array.from(sides[1]) };
}
