/**
 * A store whose failures have a name.
 *
 * @module
 */
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { piecesInto, withPieces } from '../store/pieces.ts';

/** `store`, with whatever it throws as the cause of `UNAVAILABLE`. */
export function guardedStore(store: Store): Store {
  const guard = async <T>(answer: () => Promise<T>): Promise<T> => {
    try {
      return await answer();
    } catch (cause) {
      throw new FedkitError('UNAVAILABLE', 'federatedServer: store: expected an answer, got a failure', { cause });
    }
  };
  const inner = piecesInto(store);
  const guarded: Store = {
    ...(store.maximumBytes !== undefined && { maximumBytes: store.maximumBytes }),
    get: (key) => guard(() => store.get(key)),
    put: (key, bytes) => guard(() => store.put(key, bytes)),
    create: (key, bytes) => guard(() => store.create(key, bytes)),
    delete: (key) => guard(() => inner.delete(key)),
    async *keys(prefix) {
      yield* await guard(() => listKeys(store, prefix));
    },
  };
  return withPieces(guarded, {
    put: (key, pieces) => guard(() => inner.put(key, pieces)),
    create: (key, pieces) => guard(() => inner.create(key, pieces)),
    delete: (key) => guarded.delete(key),
  });
}

/** All keys of a prefix. */
export async function listKeys(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(prefix)) keys.push(key);
  return keys.sort();
}
