/**
 * Long computations in short pieces, to be run at once or beside an event loop.
 *
 * @module
 */
import { checkAborted, systemClock, turn } from '@fedkit/core/internal';

/** Yields every few milliseconds of work. */
export type Task<T> = Generator<void, T, void>;

/** Runs a task to its end. */
export function runTask<T>(task: Task<T>): T {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}

/** How a question is answered beside an event loop. */
export interface BackgroundOptions {
  /** Stops the computation. */
  readonly signal?: AbortSignal;
  /** Told after every slice of work how many milliseconds of work there were so far. */
  readonly onProgress?: (progress: { readonly milliseconds: number }) => void;
}

const SLICE_MILLISECONDS = 12;

/**
 * Runs a task in slices of some 12 ms, between which the event loop turns.
 *
 * @throws FedkitError `ABORTED` if the signal says so.
 */
export async function runInBackground<T>(where: string, task: Task<T>, options: BackgroundOptions): Promise<T> {
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
    onProgress?.({ milliseconds });
    await turn();
  }
}
