/**
 * A {@link Store} in a browser's database: pages, workers and service workers of one origin share it.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { checkBytes, checkOptions, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from './contract.ts';
import { checkKey } from './memory-store.ts';

/** Options of {@link indexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** The database, which holds nothing else; default `fedkit`. */
  readonly name?: string;
  /** An `IDBFactory`; default the engine's. */
  readonly factory?: { open(name: string, version?: number): object };
}

const OBJECTS = 'entries';
/** Keys that are listed at a time. */
const PAGE = 1000;

/**
 * A store in an IndexedDB database, opened with the first call and again where the browser has closed it.
 *
 * Writes are transactions of strict durability: one that resolves is on the disk, as far as the browser can say. `create` and
 * `compareAndSwap` are each one transaction, so that tabs and workers of the origin exclude each other. Browsers evict what is not
 * persistent when the disk runs low: ask `navigator.storage.persist()`.
 *
 * @throws FedkitError `UNSUPPORTED_PLATFORM` where there is no IndexedDB. Calls reject with `UNAVAILABLE` where the database does not
 * open or a transaction fails, the error of the browser as cause: a full disk is a `QuotaExceededError`. Nothing is changed then.
 * @example
 * ```ts browser
 * import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
 *
 * const store = indexedDbStore();
 * await store.put('client/a', Uint8Array.of(1, 2));
 * ```
 */
export function indexedDbStore(options: IndexedDbStoreOptions = {}): Store {
  const where = 'indexedDbStore';
  checkOptions(where, options, { name: true, factory: true });
  const { name = 'fedkit', factory = globalThis.indexedDB } = options;
  if (typeof name !== 'string' || name === '') refuse('INVALID_ARGUMENT', `${where}: name`, 'a name', name);
  if (typeof factory?.open !== 'function') {
    throw new FedkitError('UNSUPPORTED_PLATFORM', `${where}: expected an engine with IndexedDB, got one without`);
  }
  const database = new Database(factory as IDBFactory, name);
  const write = <T>(use: (objects: IDBObjectStore, done: (value: T) => void) => void) => database.use('readwrite', use);
  async function swap(
    call: string,
    key: string,
    bytes: Uint8Array,
    previous: Uint8Array | undefined,
  ): Promise<boolean> {
    const own = ownBytes(call, key, bytes);
    const expected = previous && checkBytes(`${where}.${call}: previous`, previous).slice();
    return write<boolean>((objects, done) => {
      const found = objects.get(key);
      found.onsuccess = () => {
        const there: Uint8Array | undefined = found.result;
        const same = there === undefined || expected === undefined ? there === expected : sameBytes(there, expected);
        if (same) objects.put(own, key);
        done(same);
      };
    });
  }
  return {
    async get(key) {
      checkKey(`${where}.get`, key);
      return database.use<Uint8Array | undefined>('readonly', (objects, done) => {
        const found = objects.get(key);
        found.onsuccess = () => done(found.result);
      });
    },
    async put(key, bytes) {
      const own = ownBytes('put', key, bytes);
      return write<void>((objects) => void objects.put(own, key));
    },
    async create(key, bytes) {
      return swap('create', key, bytes, undefined);
    },
    async delete(key) {
      checkKey(`${where}.delete`, key);
      return write<void>((objects) => void objects.delete(key));
    },
    async compareAndSwap(key, bytes, previous) {
      return swap('compareAndSwap', key, bytes, previous);
    },
    async *keys(prefix) {
      for (let after: string | undefined; ; ) {
        const range = database.after(prefix, after);
        const page = await database.use<string[]>('readonly', (objects, done) => {
          const found = objects.getAllKeys(range, PAGE);
          found.onsuccess = () => done(found.result as string[]);
        });
        for (const key of page) {
          if (!key.startsWith(prefix)) return;
          yield key;
        }
        if (page.length < PAGE) return;
        after = page[PAGE - 1];
      }
    },
  };
}

/** A copy as it is now: of a view, a structured clone would take all that lies around it. */
function ownBytes(call: string, key: string, bytes: Uint8Array): Uint8Array {
  checkKey(`indexedDbStore.${call}`, key);
  return checkBytes(`indexedDbStore.${call}: bytes`, bytes).slice();
}

class Database {
  readonly #factory: IDBFactory;
  readonly #name: string;
  #opened: Promise<IDBDatabase> | undefined;

  constructor(factory: IDBFactory, name: string) {
    this.#factory = factory;
    this.#name = name;
  }

  /** What `use` says is done, once the transaction has committed. */
  async use<T>(mode: IDBTransactionMode, use: (objects: IDBObjectStore, done: (value: T) => void) => void): Promise<T> {
    this.#opened ??= this.#open();
    const transaction = await this.#opened.then((database) => this.#begin(database, mode));
    return new Promise<T>((resolve, reject) => {
      let value: T;
      transaction.oncomplete = () => resolve(value);
      transaction.onabort = () => reject(failed('a transaction that commits', transaction.error));
      try {
        use(transaction.objectStore(OBJECTS), (result) => (value = result));
      } catch (error) {
        reject(failed('a transaction', error));
      }
    });
  }

  after(prefix: string, key: string | undefined): IDBKeyRange {
    return key === undefined ? IDBKeyRange.lowerBound(prefix) : IDBKeyRange.lowerBound(key, true);
  }

  async #begin(database: IDBDatabase, mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return database.transaction(OBJECTS, mode, { durability: 'strict' });
    } catch {
      // The browser has closed it, as another tab deleted it or its data were cleared.
      this.#opened = this.#open();
      try {
        return (await this.#opened).transaction(OBJECTS, mode, { durability: 'strict' });
      } catch (error) {
        throw failed('a database that is open', error);
      }
    }
  }

  #open(): Promise<IDBDatabase> {
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      const request = this.#factory.open(this.#name, 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(OBJECTS);
      request.onerror = () => reject(failed('a database that opens', request.error));
      request.onsuccess = () => {
        const database = request.result;
        // Whoever deletes the database is not kept waiting.
        database.onversionchange = () => database.close();
        resolve(database);
      };
    });
    opening.catch(() => {
      if (this.#opened === opening) this.#opened = undefined;
    });
    return opening;
  }
}

function failed(expected: string, cause: unknown): FedkitError {
  const name = (cause as { name?: string } | null)?.name ?? 'no reason';
  return new FedkitError('UNAVAILABLE', `indexedDbStore: expected ${expected}, got ${name}`, {
    details: { reason: name },
    cause,
  });
}
