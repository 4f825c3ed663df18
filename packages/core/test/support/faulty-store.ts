/**
 * Stores that fail as stores do.
 *
 * @module
 */
import type { Store } from '../../src/store/contract.ts';
import { turn } from '../../src/turn.ts';

/** How a store fails. */
export interface Faults {
  /** The operation, from 0, that fails: thrown without being done, or although it was done. */
  readonly at?: number;
  readonly done?: boolean;
  /** Whether it fails for good from then on, as for a process that was killed. */
  readonly forGood?: boolean;
  /** Bytes it has room for; `put` beyond that throws. */
  readonly room?: number;
  /** Event-loop turns every operation takes. */
  readonly turns?: number;
}

/** `store`, failing by order. `operations` counts what was asked of it; `faults` may be changed while it is in use. */
export function faultyStore(store: Store, faults: Faults = {}): Store & { operations: number; faults: Faults } {
  const sizes = new Map<string, number>();
  const operate = async <T>(work: () => Promise<T>): Promise<T> => {
    const { at = Infinity, done = false, forGood = false, turns = 0 } = faulty.faults;
    const number = faulty.operations++;
    for (let waits = 0; waits < turns; waits++) await turn();
    if (number > at && forGood) throw new Error('the store is gone');
    if (number !== at) return work();
    if (done) await work();
    throw new Error('the store failed');
  };
  const fill = (key: string, bytes: Uint8Array) => {
    const others = [...sizes].reduce((sum, [name, size]) => (name === key ? sum : sum + size), 0);
    if (others + bytes.length > (faulty.faults.room ?? Infinity)) throw new Error('no space left');
    sizes.set(key, bytes.length);
  };
  const faulty = {
    operations: 0,
    faults,
    get: (key: string) => operate(() => store.get(key)),
    put: (key: string, bytes: Uint8Array) =>
      operate(async () => {
        fill(key, bytes);
        await store.put(key, bytes);
      }),
    create: (key: string, bytes: Uint8Array) =>
      operate(async () => {
        if ((await store.get(key)) === undefined) fill(key, bytes);
        return store.create(key, bytes);
      }),
    delete: (key: string) =>
      operate(async () => {
        sizes.delete(key);
        await store.delete(key);
      }),
    // One operation, however many keys: a listing is one question to a store.
    async *keys(prefix: string) {
      const keys: string[] = [];
      await operate(async () => {
        for await (const key of store.keys(prefix)) keys.push(key);
      });
      yield* keys;
    },
  };
  return faulty;
}
