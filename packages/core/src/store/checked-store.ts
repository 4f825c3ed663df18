/**
 * A store that finds out what its medium has changed: every value carries a checksum of its bytes and its key.
 *
 *     value   bytes ‖ u32 XXH32(bytes, seed XXH32(key, 0)) ‖ u32 length of bytes modulo 2^32 ‖ 66 6b 63 01
 *
 * @module
 */
import { joined, lengthOf } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { SerialQueues } from '../serial-queue.ts';
import { atOnce, inTurns, type Steps } from '../turns.ts';
import { utf8Encode } from '../utf8.ts';
import type { Store } from './contract.ts';
import { checkKey } from './memory-store.ts';
import { eachPart, type PieceWriter, piecesInto, withPieces } from './pieces.ts';
import { Xxh32, xxh32 } from './xxh32.ts';

/** What a checksum adds to a value. */
const CHECKSUM_BYTES = 12;
const MAGIC = 0x01636b66;

/** `bytes` as they are stored under `key`. */
export function withChecksum(key: string, bytes: Uint8Array): Uint8Array {
  return joined(atOnce(sealed(key, [bytes])));
}

/** Pieces as they are stored under `key`. */
function* sealed(key: string, pieces: readonly Uint8Array[]): Steps<Uint8Array[]> {
  const hash = checksumOf(key);
  const length = lengthOf(pieces);
  yield* eachPart(pieces, (part) => hash.update(part));
  const end = new Uint8Array(CHECKSUM_BYTES);
  const view = new DataView(end.buffer);
  view.setUint32(0, hash.digest(), true);
  view.setUint32(4, length % 2 ** 32, true);
  view.setUint32(8, MAGIC, true);
  return [...pieces, end];
}

/**
 * What {@link withChecksum} was given.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the key, for bytes that have changed, were cut, belong to another key, or have no
 * checksum.
 */
export function checkedBytes(key: string, stored: Uint8Array): Uint8Array {
  return atOnce(checkedSteps(key, stored));
}

/** {@link checkedBytes}, with rests. */
export function* checkedSteps(key: string, stored: Uint8Array): Steps<Uint8Array> {
  const length = stored.length - CHECKSUM_BYTES;
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
  if (
    length < 0 ||
    view.getUint32(length + 8, true) !== MAGIC ||
    view.getUint32(length + 4, true) !== length % 2 ** 32
  ) {
    throw damaged(key, 'other bytes, or bytes of an earlier version, which migrateStore reads');
  }
  const bytes = stored.subarray(0, length);
  const hash = checksumOf(key);
  yield* eachPart([bytes], (part) => hash.update(part));
  if (view.getUint32(length, true) !== hash.digest()) throw damaged(key, 'bytes that have changed');
  return bytes;
}

/** `store` with checksums: what it gives is what was put under that key. Nobody swaps its keys. */
export function checkedStore(store: Store): Store {
  const inner = piecesInto(store);
  // A long checksum takes turns: what comes to the same key meanwhile waits for it.
  const keys = new SerialQueues();
  const writer: PieceWriter = {
    delete: (key) => keys.run(checkKey('checkedStore.delete', key), () => inner.delete(key)),
    put: async (key, pieces) =>
      keys.run(checkKey('checkedStore.put', key), async () => inner.put(key, await inTurns(sealed(key, pieces)))),
    create: async (key, pieces) =>
      keys.run(checkKey('checkedStore.create', key), async () => inner.create(key, await inTurns(sealed(key, pieces)))),
  };
  const checked: Store = {
    ...(store.maximumBytes !== undefined && { maximumBytes: store.maximumBytes - CHECKSUM_BYTES }),
    async get(key) {
      const stored = await store.get(key);
      return stored && inTurns(checkedSteps(key, stored));
    },
    // Copies: the caller may go on writing into its bytes.
    put: async (key, bytes) => writer.put(key, [checkBytes('checkedStore.put: bytes', bytes).slice()]),
    create: async (key, bytes) => writer.create(key, [checkBytes('checkedStore.create: bytes', bytes).slice()]),
    delete: (key) => writer.delete(key),
    keys: (prefix) => store.keys(prefix),
  };
  return withPieces(checked, writer);
}

function checksumOf(key: string): Xxh32 {
  return new Xxh32(xxh32(utf8Encode(key), 0));
}

function damaged(key: string, got: string): FedkitError {
  return new FedkitError('DECODE_FAILED', `store: ${key}: expected the bytes that were stored, got ${got}`, {
    details: { key },
  });
}
