/**
 * A {@link Store} of files, one a key, on whatever file system is handed in: this package itself does no IO.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';
import type { Store } from './contract.ts';
import { fileName, keyOf } from './file-name.ts';
import { type FileSystem, isCode } from './file-system.ts';
import { Files, MAX_CHAINED_NAME } from './files.ts';
import { checkKey, iterate } from './memory-store.ts';
import { type PieceWriter, withPieces } from './pieces.ts';

export type { FileSystem } from './file-system.ts';

/** What one key may hold: the longest array of Node 20. */
const MAXIMUM_BYTES = 2 ** 32 - 1;

/**
 * A store in `directory`, made with the first write. A `put` writes beside, flushes, renames, and flushes the directory where
 * the system can: after a crash the old bytes are there or the new. `create` gives the finished file its name by a hard link,
 * which fails where the name is taken. Any number of processes may share the directory; bytes go in and out in pieces, up to
 * 4 GiB − 1 a key.
 *
 * `compareAndSwap` is one step, whoever else swaps the key, in whatever process, dead or stopped in between. A key that was swapped has its
 * bytes in a directory of their own from then on, one file a version, of which the latest stay. `put`, `create` and `delete` see to that;
 * but one of them and the key's first swap, at the same time in two processes, are not told apart.
 *
 * What a write that failed has left is removed at once, and what a process that died has left with the next process's first
 * write, or when the disk is full: a temporary file counts as left once it is ten minutes older than one just written.
 *
 * File names are the keys with everything but lower-case letters, digits, `-` and `_` as `%` and two hexadecimal
 * digits, so that case-insensitive file systems keep keys apart; a key whose name exceeds 255 bytes is `OUT_OF_RANGE`.
 * Errors of the file system pass as they are, that of one without hard links (FAT) included.
 *
 * @example
 * ```ts
 * import * as fs from 'node:fs/promises';
 * import { fileStore } from '@fedkit/core';
 *
 * const store = fileStore(fs, 'out/clients');
 * await store.put('client/a', Uint8Array.of(1, 2));
 * console.log(await store.get('client/a')); // => Uint8Array(2) [ 1, 2 ]
 * ```
 */
export function fileStore(fs: FileSystem, directory: string): Store {
  if (typeof fs?.rename !== 'function') refuse('INVALID_ARGUMENT', 'fileStore: fs', 'node:fs/promises or its like', fs);
  if (typeof directory !== 'string' || directory === '') {
    refuse('INVALID_ARGUMENT', 'fileStore: directory', 'a path', directory);
  }
  const files = new Files(fs, directory);
  const rename = (from: string, to: string) => fs.rename(from, to);
  const link = (from: string, to: string) => fs.link(from, to);
  const unlessThere = async (creation: Promise<unknown>): Promise<boolean> => {
    try {
      return (await creation) !== false;
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    }
  };
  const nameOf = (method: string, key: string) => fileName(`fileStore.${method}`, checkKey(`fileStore.${method}`, key));
  // Of keys that nobody swaps: two looks less for versions of them.
  const writer: PieceWriter = {
    async put(key, pieces) {
      const name = nameOf('put', key);
      await files.inTurn(name, () => files.writeOwn(name, pieces, rename));
    },
    async create(key, pieces) {
      const name = nameOf('create', key);
      return unlessThere(files.inTurn(name, () => files.writeOwn(name, pieces, link, true)));
    },
    async delete(key) {
      const name = nameOf('delete', key);
      await files.inTurn(name, () => files.removeOwn(name));
    },
  };
  // Copies: the caller may go on writing into its bytes before the disk has them.
  const store: Store = {
    maximumBytes: MAXIMUM_BYTES,
    get: async (key) => files.read(nameOf('get', key)),
    async put(key, bytes) {
      const name = nameOf('put', key);
      const pieces = [checkBytes('fileStore.put: bytes', bytes).slice()];
      await files.inTurn(name, () => files.put(name, pieces, rename, { replaces: () => true }));
    },
    async create(key, bytes) {
      const name = nameOf('create', key);
      const pieces = [checkBytes('fileStore.create: bytes', bytes).slice()];
      const how = { keeps: true, replaces: (present: Uint8Array | undefined) => present === undefined };
      return unlessThere(files.inTurn(name, () => files.put(name, pieces, link, how)));
    },
    async delete(key) {
      const name = nameOf('delete', key);
      await files.inTurn(name, () => files.remove(name));
    },
    async compareAndSwap(key, bytes, previous) {
      const where = 'fileStore.compareAndSwap';
      const name = fileName(where, checkKey(where, key));
      if (name.length > MAX_CHAINED_NAME) {
        refuse('OUT_OF_RANGE', `${where}: key`, `at most ${MAX_CHAINED_NAME} bytes of file name`, name.length);
      }
      const next = [checkBytes(`${where}: bytes`, bytes).slice()];
      const expected = previous && checkBytes(`${where}: previous`, previous).slice();
      const replaces = (present: Uint8Array | undefined) =>
        present && expected ? sameBytes(present, expected) : present === expected;
      return files.inTurn(name, async () => {
        await files.beginChain(name);
        return files.replace(name, next, replaces);
      });
    },
    keys: (prefix) =>
      iterate(
        files
          .names()
          .then((names) => names.map(keyOf).filter((key): key is string => key?.startsWith(prefix) ?? false)),
      ),
  };
  return withPieces(store, writer);
}
