/**
 * A store that finds out what its medium has changed: every value carries a checksum of its bytes and its key.
 *
 *     value   bytes ‖ u32 XXH32(bytes, seed XXH32(key, 0)) ‖ u32 length of bytes modulo 2^32 ‖ 66 6b 63 01
 *
 * @module
 */
import { checkBytes } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { utf8Encode } from '../utf8.ts';
import type { Store } from './contract.ts';
import { checkKey } from './memory-store.ts';
import { xxh32 } from './xxh32.ts';

/** What a checksum adds to a value. */
export const CHECKSUM_BYTES = 12;
const MAGIC = 0x01636b66;

/** `bytes` as they are stored under `key`. */
export function withChecksum(key: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  sealed.set(bytes);
  writeChecksum(key, sealed, bytes.length);
  return sealed;
}

/** Writes what follows the first `length` bytes of `room`. */
function writeChecksum(key: string, room: Uint8Array, length: number): void {
  const view = new DataView(room.buffer, room.byteOffset + length, CHECKSUM_BYTES);
  view.setUint32(0, checksum(key, room.subarray(0, length)), true);
  view.setUint32(4, length % 2 ** 32, true);
  view.setUint32(8, MAGIC, true);
}

/** A store of values with checksums, for writers that have room for them. */
export interface CheckedStore extends Store {
  /**
   * As `create` of the first `length` bytes of `room`, whose {@link CHECKSUM_BYTES} after them are written to: nothing is copied here.
   */
  createWithin(key: string, room: Uint8Array, length: number): Promise<boolean>;
}

/**
 * What {@link withChecksum} was given.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the key, for bytes that have changed, were cut, belong to another key, or have no
 * checksum.
 */
export function checkedBytes(key: string, stored: Uint8Array): Uint8Array {
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
  if (view.getUint32(length, true) !== checksum(key, bytes)) throw damaged(key, 'bytes that have changed');
  return bytes;
}

/** `store` with checksums: what it gives is what was put under that key. */
export function checkedStore(store: Store): CheckedStore {
  return {
    ...(store.maximumBytes !== undefined && { maximumBytes: store.maximumBytes - CHECKSUM_BYTES }),
    async get(key) {
      const stored = await store.get(key);
      return stored && checkedBytes(key, stored);
    },
    async put(key, bytes) {
      checkBytes('checkedStore.put: bytes', bytes);
      await store.put(key, withChecksum(checkKey('checkedStore.put', key), bytes));
    },
    async create(key, bytes) {
      checkBytes('checkedStore.create: bytes', bytes);
      return store.create(key, withChecksum(checkKey('checkedStore.create', key), bytes));
    },
    createWithin(key, room, length) {
      writeChecksum(checkKey('checkedStore.create', key), room, length);
      return store.create(key, room.subarray(0, length + CHECKSUM_BYTES));
    },
    delete: (key) => store.delete(key),
    keys: (prefix) => store.keys(prefix),
  };
}

function checksum(key: string, bytes: Uint8Array): number {
  return xxh32(bytes, xxh32(utf8Encode(key), 0));
}

function damaged(key: string, got: string): FedkitError {
  return new FedkitError('DECODE_FAILED', `store: ${key}: expected the bytes that were stored, got ${got}`, {
    details: { key },
  });
}
