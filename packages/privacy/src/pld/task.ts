/**
 * Long computations in short pieces, to be run at once or beside an event loop.
 *
 * @module
 */

/** Yields every few milliseconds of work. */
export type Task<T> = Generator<void, T, void>;

/** Runs a task to its end. */
export function runTask<T>(task: Task<T>): T {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}
