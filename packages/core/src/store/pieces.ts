/**
 * Writing into a store what lies in pieces, without copies: what our own stores and the servers on them know of each other.
 *
 * A store is found here by its identity, so that one wrapped around it, be it by spreading, is asked by its own `put` and `create`.
 *
 * @module
 */
import { joined } from '../bytes.ts';
import type { Store } from './contract.ts';

/** `put` and `create` of the pieces one after another. Nobody changes them until the promise settles. */
export interface PieceWriter {
  put(key: string, pieces: readonly Uint8Array[]): Promise<void>;
  create(key: string, pieces: readonly Uint8Array[]): Promise<boolean>;
}

const WRITERS = new WeakMap<Store, PieceWriter>();

/** `store`, which writes pieces like this. */
export function withPieces<S extends Store>(store: S, writer: PieceWriter): S {
  WRITERS.set(store, writer);
  return store;
}

/** How to write pieces into `store`; one of somebody else's gets them joined. */
export function piecesInto(store: Store): PieceWriter {
  return (
    WRITERS.get(store) ?? {
      put: (key, pieces) => store.put(key, joined(pieces)),
      create: (key, pieces) => store.create(key, joined(pieces)),
    }
  );
}
