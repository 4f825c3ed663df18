/**
 * Files of one directory by their names: written beside and then named, by one process or several.
 *
 * @module
 */
import { FedkitError } from '../errors.ts';
import { secureRng } from '../random.ts';
import { SerialQueues } from '../serial-queue.ts';
import { FileChain, removeDirectory, type Version } from './file-chain.ts';
import { type FileSystem, isCode, readAll, syncDirectory, unlessMissing, writeAll } from './file-system.ts';

/** What the names of files end with that are not yet what they will be. */
const TEMPORARY = '.tmp';
/** What is behind the name of a key in the name of its versions' directory. */
const VERSIONS = '.v';
/** Keys of longer names have no versions: a pending one's name would exceed 255 bytes. */
export const MAX_CHAINED_NAME = 200;
/** A temporary file that nobody has written to for so long belongs to a process that is gone. By the file system's own clock. */
const ABANDONED_MILLISECONDS = 600_000;
/** How often others may be first. */
const TRIES = 10_000;

/** A name's value is in versions: its own file is not to be written. */
class Chained extends Error {}

/** Gives a finished file its name. */
type Settle = (from: string, to: string) => Promise<void>;

export class Files {
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

  /** The bytes of a name, in its own file or in versions. */
  async read(name: string): Promise<Uint8Array | undefined> {
    return (await this.#latest(name)).bytes;
  }

  async #latest(name: string): Promise<Version> {
    const chain = this.chain(name);
    for (;;) {
      const latest = await chain?.latest();
      if (latest && !latest.isOwnFile) return latest;
      const bytes = await this.#readOwn(name);
      const found = { version: latest?.version ?? 0, isOwnFile: true, bytes };
      if (bytes !== undefined) return found;
      // Who puts a version in the place of the own file deletes it.
      if ((await chain?.latest())?.version === latest?.version) return found;
    }
  }

  /** The versions of a name, there or not; none where the name is too long for them. */
  chain(name: string): FileChain | undefined {
    if (name.length > MAX_CHAINED_NAME) return undefined;
    return new FileChain(this.#fs, this.#directory, name + VERSIONS, () => this.#unique());
  }

  /**
   * Replaces the bytes of a name that has versions.
   *
   * @param pieces - Absent to delete them.
   * @param replaces - Whether to, by what is there.
   */
  async replace(
    name: string,
    pieces: readonly Uint8Array[] | undefined,
    replaces: (present: Uint8Array | undefined) => boolean,
  ): Promise<boolean> {
    const chain = this.chain(name) as FileChain;
    for (let tries = 0; tries < TRIES; tries++) {
      const latest = await this.#latest(name);
      if (!replaces(latest.bytes)) return false;
      if (!(await chain.follow(latest, pieces))) continue;
      await unlessMissing(this.#fs.unlink(this.path(name))).catch(() => {});
      return true;
    }
    throw new FedkitError('UNAVAILABLE', `fileStore: ${name}: expected to be first once, got others in many tries`);
  }

  /** Makes versions of a name, whose first is its own file. */
  async beginChain(name: string): Promise<void> {
    const chain = this.chain(name) as FileChain;
    if (await chain.exists()) return;
    await this.#makeDirectory();
    await chain.begin();
  }

  /**
   * Writes a name's own file, or where it has versions the next of them.
   *
   * @param settle - Gives the finished own file its name.
   * @param replaces - Whether to follow the version that is there.
   */
  async put(
    name: string,
    pieces: readonly Uint8Array[],
    settle: Settle,
    { keeps = false, replaces }: { keeps?: boolean; replaces: (present: Uint8Array | undefined) => boolean },
  ): Promise<boolean> {
    // Looked at beside the write.
    const chained = this.chain(name)?.exists() ?? Promise.resolve(false);
    chained.catch(() => {});
    const unlessChained: Settle = async (from, to) => {
      if (await chained) throw new Chained();
      await settle(from, to);
    };
    try {
      await this.writeOwn(name, pieces, unlessChained, keeps);
      return true;
    } catch (error) {
      if (error instanceof Chained) return this.replace(name, pieces, replaces);
      throw error;
    }
  }

  /** Removes a name, its own file and where it has versions the latest. */
  async remove(name: string): Promise<void> {
    if (await this.chain(name)?.exists()) {
      await this.replace(name, undefined, (bytes) => bytes !== undefined);
    }
    await this.removeOwn(name);
  }

  /** Removes a name's own file. */
  async removeOwn(name: string): Promise<void> {
    await unlessMissing(this.#fs.unlink(this.path(name)));
  }

  /** Names that have bytes, each once. */
  async names(): Promise<string[]> {
    const all = (await unlessMissing(this.#fs.readdir(this.#directory))) ?? [];
    const chained = all.filter((name) => name.endsWith(VERSIONS)).map((name) => name.slice(0, -VERSIONS.length));
    const own = all.filter((name) => !chained.includes(name));
    for (const name of chained) if ((await this.read(name)) !== undefined) own.push(name);
    return own;
  }

  async #readOwn(name: string): Promise<Uint8Array | undefined> {
    const file = await unlessMissing(this.#fs.open(this.path(name), 'r'));
    if (file === undefined) return undefined;
    try {
      return await readAll(file);
    } finally {
      await file.close();
    }
  }

  /** Writes beside and lets `settle` give the finished file its name. @param keeps - Whether it has the other one too then. */
  async writeOwn(name: string, pieces: readonly Uint8Array[], settle: Settle, keeps = false): Promise<void> {
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
    const temporary = this.path(`${name.slice(0, 200)}.${this.#unique()}${TEMPORARY}`);
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

  #unique(): string {
    this.#token ||= Array.from(secureRng().fill(new Uint8Array(6)), (byte) => byte.toString(36)).join('');
    return `${this.#token}-${this.#temporaries++}`;
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
        () => removeDirectory(this.#fs, this.path(name)),
      );
    }
    return removed;
  }

  /** The time as the file system has it. */
  async #time(): Promise<number> {
    const path = this.path(`now.${this.#unique()}${TEMPORARY}`);
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
