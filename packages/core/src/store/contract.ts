/**
 * Where state that must survive a crash is kept, handed in by the caller.
 *
 * @module
 */

/**
 * A durable map from names to bytes. The SDK does no IO of its own: a file system, IndexedDB, AsyncStorage or a
 * database stands behind these four methods.
 *
 * A `put` whose promise has resolved survives a crash, and is atomic: a reader sees the old bytes or the new, never a
 * mixture. Implementations copy: bytes handed in or out are not shared with the caller.
 */
export interface Store {
  /** The bytes last put under `key`, or `undefined`. */
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes `key`; a key that is not there is no error. */
  delete(key: string): Promise<void>;
  /**
   * Puts `bytes` if what is there is `previous`, or if nothing is and `previous` is `undefined`: in one step, whoever else
   * tries. A store that has it tells two instances of one client apart.
   *
   * @returns false where something else is there, and then nothing has changed. One that rejects may have happened all the same.
   */
  compareAndSwap?(key: string, bytes: Uint8Array, previous: Uint8Array | undefined): Promise<boolean>;
  /** Every key that starts with `prefix`, in any order, each once. */
  keys(prefix: string): AsyncIterable<string>;
}
