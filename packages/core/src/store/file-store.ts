/**
 * A {@link Store} of files, one a key, on whatever file system is handed in: this package itself does no IO.
 *
 * @module
 */
import { checkBytes, refuse } from '../check.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import type { Store } from './contract.ts';
import { checkKey, iterate } from './memory-store.ts';

/** A file opened for writing. */
interface OpenFile {
  writeFile(bytes: Uint8Array): Promise<void>;
  /** Returns once the bytes are on the medium. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The functions of `node:fs/promises` that are used: that module itself, or any that behaves like it. */
export interface FileSystem {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

/** The longest file name that common file systems take, in bytes. */
const MAX_FILE_NAME = 255;
const TEMPORARY = '.tmp';

/**
 * A store in `directory`, made with the first `put`. A `put` writes beside, flushes, renames, and flushes the directory
 * where the system can: after a crash the old bytes are there or the new. One process at a time may write a key.
 *
 * File names are the keys with everything but lower-case letters, digits, `-` and `_` as `%` and two hexadecimal
 * digits, so that case-insensitive file systems keep keys apart; a key whose name exceeds 255 bytes is `OUT_OF_RANGE`.
 * Errors of the file system pass as they are.
 *
 * @example
 * ```ts
 * import * as fs from 'node:fs/promises';
 * import { fileStore } from '@fedkit/core';
 *
 * const store = fileStore(fs, 'out/clients');
 * ```
 */
export function fileStore(fs: FileSystem, directory: string): Store {
  if (typeof fs?.rename !== 'function') refuse('INVALID_ARGUMENT', 'fileStore: fs', 'node:fs/promises or its like', fs);
  if (typeof directory !== 'string' || directory === '') {
    refuse('INVALID_ARGUMENT', 'fileStore: directory', 'a path', directory);
  }
  const path = (name: string) => `${directory}/${name}`;
  let temporaries = 0;
  return {
    async get(key) {
      const bytes = await unlessMissing(fs.readFile(path(fileName('fileStore.get', key))));
      return bytes && new Uint8Array(bytes);
    },
    async put(key, bytes) {
      const name = fileName('fileStore.put', key);
      // A copy: the caller may go on writing into its bytes before the disk has them.
      const own = checkBytes('fileStore.put: bytes', bytes).slice();
      await fs.mkdir(directory, { recursive: true });
      const temporary = path(`${name.slice(0, 200)}.${temporaries++}${TEMPORARY}`);
      const file = await fs.open(temporary, 'w');
      try {
        await file.writeFile(own);
        await file.sync();
      } finally {
        await file.close();
      }
      await fs.rename(temporary, path(name));
      await syncDirectory(fs, directory);
    },
    async delete(key) {
      await unlessMissing(fs.unlink(path(fileName('fileStore.delete', key))));
    },
    keys: (prefix) =>
      iterate(
        unlessMissing(fs.readdir(directory)).then((names = []) =>
          names
            .filter((name) => !name.endsWith(TEMPORARY))
            .map(keyOf)
            .filter((key): key is string => key?.startsWith(prefix) ?? false),
        ),
      ),
  };
}

/** Windows opens no directories; there a rename is durable once the file system's own journal is. */
async function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  let handle: OpenFile;
  try {
    handle = await fs.open(directory, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ENOENT') return undefined;
    throw error;
  }
}

function fileName(where: string, key: string): string {
  const name = Array.from(utf8Encode(checkKey(where, key)), (byte) =>
    (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, '0')}`,
  ).join('');
  if (name.length > MAX_FILE_NAME)
    refuse('OUT_OF_RANGE', `${where}: key`, `at most ${MAX_FILE_NAME} bytes of file name`, name.length);
  return name;
}

/** The key of a file name; `undefined` for a file that is none of ours. */
function keyOf(name: string): string | undefined {
  if (!/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(name)) return undefined;
  const bytes = name
    .match(/%..|./g)
    ?.map((part) => (part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0)));
  try {
    const key = utf8Decode(Uint8Array.from(bytes ?? []));
    return fileName('fileStore.keys', key) === name ? key : undefined;
  } catch {
    return undefined;
  }
}
