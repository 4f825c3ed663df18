/**
 * A {@link Store} of files, one a key, on whatever file system is handed in: this package itself does no IO.
 *
 * @module
 */
import { checkBytes, refuse } from '../check.ts';
import { secureRng } from '../random.ts';
import { SerialQueues } from '../serial-queue.ts';
import type { Store } from './contract.ts';
import { fileName, keyOf } from './file-name.ts';
import { type FileSystem, isCode, readAll, syncDirectory, unlessMissing, writeAll } from './file-system.ts';
import { checkKey, iterate } from './memory-store.ts';
import { type PieceWriter, withPieces } from './pieces.ts';

export type { FileSystem } from './file-system.ts';

const TEMPORARY = '.tmp';
/** A temporary file that nobody has written to for so long belongs to a process that is gone. By the file system's own clock. */
const ABANDONED_MILLISECONDS = 600_000;
/** What one key may hold: the longest array of Node 20. */
const MAXIMUM_BYTES = 2 ** 32 - 1;

/**
 * A store in `directory`, made with the first write. A `put` writes beside, flushes, renames, and flushes the directory where
 * the system can: after a crash the old bytes are there or the new. `create` gives the finished file its name by a hard link,
 * which fails where the name is taken. Any number of processes may share the directory; bytes go in and out in pieces, up to
 * 4 GiB − 1 a key.
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
  const writer: PieceWriter = {
    async put(key, pieces) {
      const name = fileName('fileStore.put', checkKey('fileStore.put', key));
      await files.inTurn(name, () => files.write(name, pieces, (from, to) => fs.rename(from, to)));
    },
    async create(key, pieces) {
      const name = fileName('fileStore.create', checkKey('fileStore.create', key));
      try {
        await files.inTurn(name, () => files.write(name, pieces, (from, to) => fs.link(from, to), true));
        return true;
      } catch (error) {
        if (isCode(error, 'EEXIST')) return false;
        throw error;
      }
    },
  };
  // Copies: the caller may go on writing into its bytes before the disk has them.
  const store: Store = {
    maximumBytes: MAXIMUM_BYTES,
    get: async (key) => files.read(fileName('fileStore.get', checkKey('fileStore.get', key))),
    put: async (key, bytes) => writer.put(key, [checkBytes('fileStore.put: bytes', bytes).slice()]),
    create: async (key, bytes) => writer.create(key, [checkBytes('fileStore.create: bytes', bytes).slice()]),
    async delete(key) {
      const name = fileName('fileStore.delete', checkKey('fileStore.delete', key));
      await files.inTurn(name, () => unlessMissing(fs.unlink(files.path(name))));
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
  return withPieces(store, writer);
}

/** Gives a finished file its name. */
type Settle = (from: string, to: string) => Promise<void>;

/** Files of one directory by their names. */
class Files {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #turns = new SerialQueues();
  /** What sets this process's temporary files apart from those of every other. */
  #token = '';
  #temporaries = 0;
  #swept = false;

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs;
    this.#directory = directory;
  }

  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /** After everything begun before on the same name. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(name, work);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const file = await unlessMissing(this.#fs.open(this.path(name), 'r'));
    if (file === undefined) return undefined;
    try {
      return await readAll(file);
    } finally {
      await file.close();
    }
  }

  /** Writes beside and lets `settle` give the finished file its name. @param keeps - Whether it has the other one too then. */
  async write(name: string, pieces: readonly Uint8Array[], settle: Settle, keeps = false): Promise<void> {
    let left: { readonly gone: Promise<void> };
    try {
      left = await this.#writeOnce(name, pieces, settle, keeps);
    } catch (error) {
      // A process whose clock runs ahead may have swept what was being written; a full disk may have something to sweep.
      const again = isCode(error, 'ENOENT') || (isCode(error, 'ENOSPC', 'EDQUOT') && (await this.#sweep(Infinity)) > 0);
      if (!again) throw error;
      left = await this.#writeOnce(name, pieces, settle, keeps);
    }
    await Promise.all([left.gone, syncDirectory(this.#fs, this.#directory)]);
  }

  /** @returns When the temporary name is gone, in a promise of its own: nobody need wait for it. */
  async #writeOnce(
    name: string,
    pieces: readonly Uint8Array[],
    settle: Settle,
    keeps: boolean,
  ): Promise<{ readonly gone: Promise<void> }> {
    this.#token ||= Array.from(secureRng().fill(new Uint8Array(6)), (byte) => byte.toString(36)).join('');
    const temporary = this.path(`${name.slice(0, 200)}.${this.#token}-${this.#temporaries++}${TEMPORARY}`);
    const remove = () => unlessMissing(this.#fs.unlink(temporary)).catch(() => {});
    const file = await this.#fs.open(temporary, 'wx').catch(async (error: unknown) => {
      if (!isCode(error, 'ENOENT')) throw error;
      await this.#makeDirectory();
      return this.#fs.open(temporary, 'wx');
    });
    try {
      let written = 0;
      try {
        await writeAll(file, pieces);
        await file.sync();
        if (!this.#swept) written = (await file.stat()).mtimeMs;
      } finally {
        await file.close();
      }
      await settle(temporary, this.path(name));
      if (!this.#swept) {
        this.#swept = true;
        await this.#sweep(written);
      }
    } catch (error) {
      await remove();
      throw error;
    }
    return { gone: keeps ? remove() : Promise.resolve() };
  }

  async #makeDirectory(): Promise<void> {
    const first = await this.#fs.mkdir(this.#directory, { recursive: true });
    // A new directory is there after a crash once the one it is in is flushed.
    const shortest = typeof first === 'string' ? first.length : this.#directory.length;
    for (let path = this.#directory; path.length >= shortest; ) {
      const end = path.lastIndexOf('/');
      if (end <= 0) break;
      path = path.slice(0, end);
      await syncDirectory(this.#fs, path);
    }
  }

  /**
   * Removes what processes that are gone have left, and counts it.
   *
   * @param now - When something was last written here. Without it a file of ours tells: on a full disk an empty one.
   */
  async #sweep(now: number): Promise<number> {
    let removed = 0;
    const latest = now === Infinity ? await this.#time().catch(() => -Infinity) : now;
    for (const name of (await unlessMissing(this.#fs.readdir(this.#directory))) ?? []) {
      if (!name.endsWith(TEMPORARY) || name.includes(`.${this.#token}-`)) continue;
      const modified = await this.#modified(this.path(name)).catch(() => undefined);
      if (modified === undefined || latest - modified < ABANDONED_MILLISECONDS) continue;
      await this.#fs.unlink(this.path(name)).then(
        () => removed++,
        () => {},
      );
    }
    return removed;
  }

  /** The time as the file system has it. */
  async #time(): Promise<number> {
    const path = this.path(`now.${this.#token}-${this.#temporaries++}${TEMPORARY}`);
    const file = await this.#fs.open(path, 'wx');
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
      await this.#fs.unlink(path);
    }
  }

  async #modified(path: string): Promise<number> {
    const file = await this.#fs.open(path, 'r');
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
    }
  }
}
