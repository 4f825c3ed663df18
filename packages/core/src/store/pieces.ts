/**
 * Writing into a store what lies in pieces, without copies: what our own stores and the servers on them know of each other.
 *
 * A store is found here by its identity, so that one wrapped around it, be it by spreading, is asked by its own `put` and `create`.
 *
 * @module
 */
import { lengthOf } from '../bytes.ts';
import { inTurns, type Steps, STRETCH_BYTES } from '../turns.ts';
import type { Store } from './contract.ts';

/**
 * `put` and `create` of the pieces one after another, and `delete`. Nobody changes the pieces until the promise settles, and nobody ever
 * calls `compareAndSwap` with such a key: a store need not look for what that leaves.
 */
export interface PieceWriter {
  put(key: string, pieces: readonly Uint8Array[]): Promise<void>;
  create(key: string, pieces: readonly Uint8Array[]): Promise<boolean>;
  delete(key: string): Promise<void>;
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
      put: async (key, pieces) => store.put(key, await inTurns(joinedSteps(pieces))),
      create: async (key, pieces) => store.create(key, await inTurns(joinedSteps(pieces))),
      delete: (key) => store.delete(key),
    }
  );
}

/** The pieces in one, with rests. */
function* joinedSteps(pieces: readonly Uint8Array[]): Steps<Uint8Array> {
  const bytes = new Uint8Array(lengthOf(pieces));
  yield* eachPart(pieces, (part, at) => bytes.set(part, at));
  return bytes;
}

/** Parts of the pieces one after another, and where each is in all of them; with a rest after every stretch of bytes. */
export function* eachPart(pieces: readonly Uint8Array[], take: (part: Uint8Array, at: number) => void): Steps<void> {
  let at = 0;
  let taken = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      if (taken >= STRETCH_BYTES) {
        yield;
        taken = 0;
      }
      const part = piece.subarray(from, from + STRETCH_BYTES - taken);
      take(part, at);
      from += part.length;
      at += part.length;
      taken += part.length;
    }
  }
}
