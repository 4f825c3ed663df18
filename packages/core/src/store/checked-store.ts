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

const TRAILER = 12;
const MAGIC = 0x01636b66;

/** `bytes` as they are stored under `key`. */
export function withChecksum(key: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(bytes.length + TRAILER);
  sealed.set(bytes);
  const view = new DataView(sealed.buffer, bytes.length);
  view.setUint32(0, checksum(key, bytes), true);
  view.setUint32(4, bytes.length % 2 ** 32, true);
  view.setUint32(8, MAGIC, true);
  return sealed;
}

/**
 * What {@link withChecksum} was given.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the key, for bytes that have changed, were cut, belong to another key, or have no
 * checksum.
 */
export function checkedBytes(key: string, stored: Uint8Array): Uint8Array {
  const length = stored.length - TRAILER;
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
export function checkedStore(store: Store): Store {
  return {
    ...(store.maximumBytes !== undefined && { maximumBytes: store.maximumBytes - TRAILER }),
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
