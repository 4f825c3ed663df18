/**
 * One thing after another.
 *
 * @module
 */

/** Runs each piece of work once all before it have settled, whatever became of them. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** What `work` comes to. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves once everything queued so far has settled. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
