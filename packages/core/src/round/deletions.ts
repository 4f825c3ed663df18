/**
 * Deletes what a snapshot has made superfluous, beside everything else: nobody waits for it.
 *
 * @module
 */
import type { Store } from '../store/contract.ts';
import { together } from '../together.ts';

/** Keys that are deleted, or listed and read, at a time. */
export const AT_A_TIME = 32;

/** Keys on their way out of a store. Keys handed in must never be written again. */
export class Deletions {
  readonly #store: Store;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Returns at once. @param failed - Told of a key that is still there. */
  begin(keys: readonly string[], failed: (key: string) => void = () => {}): void {
    if (keys.length === 0) return;
    this.#last = this.#last.then(() =>
      together(keys, AT_A_TIME, (key) => this.#store.delete(key).catch(() => failed(key))),
    );
  }

  /** Resolves once everything begun so far has been tried. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
