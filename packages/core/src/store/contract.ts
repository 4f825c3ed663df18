/**
 * Where state that must survive a crash is kept, handed in by the caller.
 *
 * @module
 */

/**
 * A durable map from names to bytes. The SDK does no IO of its own: a file system, IndexedDB, AsyncStorage or a
 * database stands behind these methods.
 *
 * A `put` or `create` whose promise has resolved survives a crash, and is atomic: a reader sees the old bytes or the new,
 * never a mixture. Calls that change one key take effect in their order; a `get` that does not await them sees what was before
 * them, after them or between. Implementations copy: bytes handed in or out are not shared with the caller.
 *
 * `create` is how one of several writers is told that it is alone: of all processes that create a key, one is answered true.
 * A database has it as `INSERT … ON CONFLICT DO NOTHING`, Redis as `SET … NX`, IndexedDB as `add`, a file system as `link`.
 * Reading first and putting then is no `create`: two writers may both have read before either put.
 */
export interface Store {
  /** The bytes last put under `key`, or `undefined`. */
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Puts `bytes` under a key that is not there, as one step that no other writer can come between.
   *
   * @returns false where the key exists, and then nothing has changed. A `create` that rejects may have happened all the same.
   */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
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
  /** The most bytes one key can hold, where there is such a limit. */
  readonly maximumBytes?: number;
}
