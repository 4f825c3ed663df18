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
}

/** Queues by name: what has one name waits for each other. A name that nobody waits for costs nothing. */
export class SerialQueues {
  readonly #last = new Map<string, Promise<unknown>>();

  /** What `work` comes to, once all before it under this name have settled. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(name) ?? Promise.resolve()).then(work);
    const done = result.then(
      () => {},
      () => {},
    );
    this.#last.set(name, done);
    void done.then(() => {
      if (this.#last.get(name) === done) this.#last.delete(name);
    });
    return result;
  }
}
