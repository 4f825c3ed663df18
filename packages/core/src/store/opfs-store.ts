/**
 * A {@link Store} of files in the origin's private file system, for values of many megabytes such as models.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from './contract.ts';
import { fileName, keyOf } from './file-name.ts';
import { checkKey } from './memory-store.ts';

/** What {@link opfsStore} needs of a folder: `FileSystemDirectoryHandle` has it. */
export interface FileFolder {
  readonly name: string;
  getFileHandle(
    name: string,
    options?: { create?: boolean },
  ): Promise<{
    getFile(): Promise<{ readonly size: number; arrayBuffer(): Promise<ArrayBuffer> }>;
    createWritable(): Promise<{ write(data: Uint8Array<ArrayBuffer>): Promise<void>; close(): Promise<void> }>;
  }>;
  removeEntry(name: string): Promise<void>;
}

/** What it needs of Web Locks: `navigator.locks` has it. */
export interface Locks {
  request<T>(name: string, use: () => Promise<T>): Promise<T>;
}

/**
 * A store in `folder`, one file a key, named as `fileStore` names them. A `put` writes beside the file and takes its place as it
 * closes: a reader finds the old bytes or the new. Calls on one key wait for each other by Web Locks, in all tabs and workers of the
 * origin: give every store of one folder the same `name`. The file system has no flush that this can wait for: after a crash of the
 * whole machine the old bytes may be back. Prefer `indexedDbStore` for a client's own record.
 *
 * @param folder - Such as `await navigator.storage.getDirectory()`, or a folder in it.
 * @param locks - `navigator.locks`.
 * @throws FedkitError `INVALID_ARGUMENT`; `OUT_OF_RANGE` for a key whose file name would exceed 255 bytes. Errors of the file system
 * pass as they are: a full disk is a `QuotaExceededError`.
 * @example
 * ```ts browser
 * import { opfsStore } from '@fedkit/core/store/opfs-store';
 *
 * const root = await navigator.storage.getDirectory();
 * const store = opfsStore(await root.getDirectoryHandle('federation', { create: true }), navigator.locks);
 * ```
 */
export function opfsStore(folder: FileFolder, locks: Locks, name: string = folder?.name || 'root'): Store {
  const where = 'opfsStore';
  if (typeof folder?.getFileHandle !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: folder`, 'a FileSystemDirectoryHandle', folder);
  }
  if (typeof locks?.request !== 'function') refuse('INVALID_ARGUMENT', `${where}: locks`, 'navigator.locks', locks);
  const place = (call: string, key: string) => fileName(`${where}.${call}`, checkKey(`${where}.${call}`, key));
  const alone = <T>(file: string, use: () => Promise<T>) => locks.request(`fedkit ${name}/${file}`, use);

  async function read(file: string): Promise<Uint8Array | undefined> {
    const handle = await unlessMissing(folder.getFileHandle(file));
    return handle && finished(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
  }

  async function write(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const created = (await unlessMissing(folder.getFileHandle(file))) === undefined;
    const handle = await folder.getFileHandle(file, { create: true });
    try {
      const writable = await handle.createWritable();
      await writable.write(bytes);
      await writable.write(END);
      await writable.close();
    } catch (error) {
      // The name alone, which no reader takes for a value.
      if (created) await unlessMissing(folder.removeEntry(file)).catch(() => undefined);
      throw error;
    }
  }

  return {
    get: async (key) => read(place('get', key)),
    async put(key, bytes) {
      const [file, own] = [place('put', key), checkBytes(`${where}.put: bytes`, bytes).slice()];
      await alone(file, () => write(file, own));
    },
    async create(key, bytes) {
      const [file, own] = [place('create', key), checkBytes(`${where}.create: bytes`, bytes).slice()];
      return alone(file, async () => {
        if ((await read(file)) !== undefined) return false;
        await write(file, own);
        return true;
      });
    },
    async delete(key) {
      const file = place('delete', key);
      await alone(file, async () => {
        await unlessMissing(folder.removeEntry(file));
      });
    },
    async compareAndSwap(key, bytes, previous) {
      const file = place('compareAndSwap', key);
      const own = checkBytes(`${where}.compareAndSwap: bytes`, bytes).slice();
      const expected = previous && checkBytes(`${where}.compareAndSwap: previous`, previous).slice();
      return alone(file, async () => {
        const found = await read(file);
        const same = found === undefined || expected === undefined ? found === expected : sameBytes(found, expected);
        if (same) await write(file, own);
        return same;
      });
    },
    async *keys(prefix) {
      for await (const file of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
        const key = keyOf(file);
        if (!key?.startsWith(prefix)) continue;
        const handle = await unlessMissing(folder.getFileHandle(file));
        if (handle !== undefined && (await handle.getFile()).size > 0) yield key;
      }
    },
  };
}

/** What a written file ends with: a file that a crash left with its name alone is none. */
const END: Uint8Array<ArrayBuffer> = /* @__PURE__ */ Uint8Array.of(1);

function finished(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[bytes.length - 1] !== END[0]) {
    throw new FedkitError('DECODE_FAILED', 'opfsStore: expected a file of this store, got another');
  }
  return bytes.subarray(0, bytes.length - 1);
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as { name?: string }).name === 'NotFoundError') return undefined;
    throw error;
  }
}
