/**
 * An interval asked beside an event loop.
 *
 * @module
 */
import { checkAborted, checkOptions, systemClock, turn } from '@fedkit/core/internal';
import { checkPld, checkQuestion, type EpsilonBounds, type PldAccountant } from './accountant.ts';
import type { Task } from './task.ts';

/** How a question is answered beside an event loop. */
export interface BackgroundOptions {
  /** Stops the computation. */
  readonly signal?: AbortSignal;
  /** Told after every slice of work how many milliseconds of work there were so far. Awaited. */
  readonly onProgress?: (progress: { readonly milliseconds: number }) => unknown;
}

const SLICE_MILLISECONDS = 12;

/**
 * {@link PldAccountant.epsilonBounds} beside an event loop, for compositions of millions of rounds: worked at in slices of some
 * 12 ms.
 *
 * @param accountant - Of {@link pldAccountant}. What is composed meanwhile is not in the answer.
 * @throws FedkitError as {@link PldAccountant.epsilonBounds}, and `ABORTED` if the signal says so.
 * @example
 * ```ts
 * import { epsilonBoundsInBackground, event, pldAccountant } from '@fedkit/privacy';
 *
 * const accountant = pldAccountant({ neighboring: 'add-or-remove' });
 * accountant.compose(event.gaussian({ noiseStd: 5000, recordNorm: 1 }), 1_000_000);
 * const { upper } = await epsilonBoundsInBackground(accountant, 1e-5, { signal: AbortSignal.timeout(60_000) });
 * console.log(upper.toFixed(3)); // => 0.726
 * ```
 */
export async function epsilonBoundsInBackground(
  accountant: PldAccountant,
  delta: number,
  options: BackgroundOptions & { readonly users?: number } = {},
): Promise<EpsilonBounds> {
  const where = 'epsilonBoundsInBackground';
  checkOptions(where, options, { users: true, signal: true, onProgress: true });
  const pld = checkPld(where, accountant);
  const users = checkQuestion(where, delta, options);
  return pld.stated(await runInBackground(where, pld.epsilonTask(delta), options), delta, users);
}

/**
 * Runs a task in slices of some 12 ms, between which the event loop turns.
 *
 * @throws FedkitError `ABORTED` if the signal says so.
 */
async function runInBackground<T>(where: string, task: Task<T>, options: BackgroundOptions): Promise<T> {
  const { signal, onProgress } = options;
  let milliseconds = 0;
  for (;;) {
    checkAborted(where, signal);
    // Never the time of day, which may be set back by hours.
    const start = systemClock.now();
    while (systemClock.now() - start < SLICE_MILLISECONDS) {
      const { done, value } = task.next();
      if (done === true) return value;
    }
    milliseconds += systemClock.now() - start;
    await onProgress?.({ milliseconds });
    await turn();
  }
}
