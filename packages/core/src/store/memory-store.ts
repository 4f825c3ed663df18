/**
 * A {@link Store} in memory: for tests, and for simulations that end with their process.
 *
 * @module
 */
import { lengthOf, sameBytes } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';
import { SpareBuffers } from '../spare-buffers.ts';
import { isWellFormed } from '../utf8.ts';
import type { Store } from './contract.ts';
import { withPieces } from './pieces.ts';

/** Bytes of a value whose memory is worth keeping: a server's reports, and not the records of a thousand devices. */
const LEAST_SPARE = 262_144;

/** An empty store. It survives nothing; bytes are copied on the way in and out. */
export function memoryStore(): Store {
  const entries = new Map<string, Uint8Array>();
  const spare = new SpareBuffers(LEAST_SPARE);
  const joinedCopy = (pieces: readonly Uint8Array[]): Uint8Array => {
    const bytes = spare.take(lengthOf(pieces));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  };
  /** What nobody has but this store, which is given out in copies. */
  const giveBack = (key: string): void => {
    const bytes = entries.get(key);
    if (bytes) spare.give(bytes);
  };
  const store: Store = {
    get: async (key) => entries.get(checkKey('memoryStore.get', key))?.slice(),
    async put(key, bytes) {
      entries.set(checkKey('memoryStore.put', key), checkBytes('memoryStore.put: bytes', bytes).slice());
    },
    async create(key, bytes) {
      const own = checkBytes('memoryStore.create: bytes', bytes).slice();
      if (entries.has(checkKey('memoryStore.create', key))) return false;
      entries.set(key, own);
      return true;
    },
    async delete(key) {
      giveBack(checkKey('memoryStore.delete', key));
      entries.delete(key);
    },
    async compareAndSwap(key, bytes, previous) {
      const found = entries.get(checkKey('memoryStore.compareAndSwap', key));
      const next = checkBytes('memoryStore.compareAndSwap: bytes', bytes).slice();
      if (previous !== undefined) checkBytes('memoryStore.compareAndSwap: previous', previous);
      if (found === undefined ? previous !== undefined : !previous || !sameRecord(found, previous)) return false;
      entries.set(key, next);
      return true;
    },
    keys: (prefix) => iterate([...entries.keys()].filter((key) => key.startsWith(prefix))),
  };
  return withPieces(store, {
    async put(key, pieces) {
      const bytes = joinedCopy(pieces);
      giveBack(checkKey('memoryStore.put', key));
      entries.set(key, bytes);
    },
    async create(key, pieces) {
      if (entries.has(checkKey('memoryStore.create', key))) return false;
      entries.set(key, joinedCopy(pieces));
      return true;
    },
    delete: (key) => store.delete(key),
  });
}

/** {@link sameBytes} by words, in a quarter of the time, where both begin at one: a device's record is compared at its every save. */
function sameRecord(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length || (a.byteOffset | b.byteOffset) % 4 !== 0) return sameBytes(a, b);
  const [words, others] = [a, b].map(
    ({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length >> 2),
  );
  for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
  const end = a.length - (a.length % 4);
  return sameBytes(a.subarray(end), b.subarray(end));
}

/** Checks that a key is text of at least one character, which UTF-8 can write: media that keep bytes would take two others for one. */
export function checkKey(where: string, key: string): string {
  if (!key || typeof key !== 'string' || !isWellFormed(key)) refuse('INVALID_ARGUMENT', `${where}: key`, 'a name', key);
  return key;
}

/**
 * Checks that a store can tell one writer that it is alone.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for one without `create`.
 */
export function checkCreates(where: string, store: Store): Store {
  if (typeof store?.create !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: store`, 'one with create(key, bytes), so that one writer is alone', 'none');
  }
  return store;
}

/**
 * Items one by one. A generator, which React Native's preset lowers for a Hermes without `Symbol.asyncIterator`; an object
 * with that method would be one that nobody can walk there.
 */
export async function* iterate<T>(items: readonly T[] | Promise<readonly T[]>): AsyncGenerator<T> {
  yield* await items;
}
