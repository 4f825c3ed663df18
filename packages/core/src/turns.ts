/**
 * Long work in stretches, so that whatever else waits for the engine gets its turn between any two: one description of the work, done
 * at once or by turns, with the same bits.
 *
 * @module
 */

import { turn } from './turn.ts';

/** Work that may rest wherever it yields. Nobody changes what it reads before it has ended. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Values of a stretch: of the dearest work on one, a division with one rounding, some ten milliseconds of processor time. */
export const STRETCH: number = 2 ** 19;

/** Bytes of a stretch: what digests and copies take some ten milliseconds for. */
export const STRETCH_BYTES: number = 2 ** 23;

/** What the work comes to, without a rest. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** What the work comes to. The event loop takes a turn at every rest; work of one stretch takes none. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await turn();
  }
}

/** One stretch of `length` after another, with a rest between any two. */
export function* inStretches(
  length: number,
  work: (from: number, to: number) => void,
  stretch: number = STRETCH,
): Steps<void> {
  for (let from = 0; from < length; from += stretch) {
    if (from > 0) yield;
    work(from, Math.min(length, from + stretch));
  }
}
