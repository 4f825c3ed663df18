import type { FederatedClient } from '../../src/device/contract.ts';
import type { Exchange } from '../../src/protocol/exchange.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/contract.ts';

/** What a process that is gone throws in a test: it never sees it. */
export class Killed extends Error {}

/** When a process dies: at its n-th operation, from 0, before or after what the operation does. */
export interface Death {
  readonly operation: number;
  readonly when: 'before' | 'after';
}

/** A phone: its store outlives the processes that run on it. */
export class Phone {
  readonly store: Store = memoryStore();
  /** Every operation of every process, as `put client/a` or `exchange`. */
  readonly operations: string[] = [];
  /** Told of every `put` that takes effect. */
  onPut: (key: string, bytes: Uint8Array) => void = () => undefined;
  readonly #deaths: Death[];

  constructor(deaths: readonly Death[] = []) {
    this.#deaths = [...deaths];
  }

  /** A process: the store and the network as it sees them. After its death nothing it does has an effect. */
  boot(exchange: Exchange): { store: Store; exchange: Exchange } {
    let dead = false;
    const operation = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (dead) throw new Killed();
      const death = this.#deaths.find(({ operation }) => operation === this.operations.length);
      this.operations.push(name);
      if (death?.when === 'before') dead = true;
      if (dead) throw new Killed();
      const result = await work();
      if (death) dead = true;
      if (dead) throw new Killed();
      return result;
    };
    return {
      store: {
        get: (key) => operation(`get ${key}`, () => this.store.get(key)),
        put: (key, bytes) =>
          operation(`put ${key}`, () => {
            this.onPut(key, bytes);
            return this.store.put(key, bytes);
          }),
        // Not optional: this store has it.
        compareAndSwap: (key, bytes, previous) =>
          operation(`put ${key}`, () => {
            this.onPut(key, bytes);
            return (this.store.compareAndSwap as NonNullable<Store['compareAndSwap']>)(key, bytes, previous);
          }),
        create: (key, bytes) => operation(`create ${key}`, () => this.store.create(key, bytes)),
        delete: (key) => operation(`delete ${key}`, () => this.store.delete(key)),
        keys: (prefix) => this.store.keys(prefix),
      },
      exchange: (request, options) => operation('exchange', () => exchange(request, options)),
    };
  }
}

/** Steps one process after the other until the run is over. */
export async function untilClosed(boot: () => FederatedClient<unknown>): Promise<void> {
  let client = boot();
  for (let steps = 0; steps < 500; steps++) {
    try {
      if ((await client.step()).next === 'closed') return;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      client = boot();
    }
  }
  throw new Error('the run did not end');
}
