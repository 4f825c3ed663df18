/**
 * One key of a store of files that several processes swap: its values in a directory of their own, one file a version.
 *
 *     <v>                  the value of version v, decimal, after a byte: 0 nothing, 1 a value, 2 what the key's own file holds
 *     <v>.<unique>.tmp     somebody means it to become version v
 *
 * The highest version is the value. Version 1, which refers to the key's own file, is there from the moment on that the directory has
 * its name. Who replaces v writes its pending file, sees that v is still there, and links the file to v + 1, which fails where v + 1 is.
 * Version u is deleted once u + 1 is there, u − 1 is gone, and then every file pending for u has been deleted.
 *
 * So nobody follows a version that was not the highest, however long it stood still: whoever sees v has its pending file in place while
 * v is, hence before u = v + 1 can be deleted; by then that file is gone, and its link fails. No clock and no lock is asked.
 *
 * @module
 */
import { FedkitError } from '../errors.ts';
import { type FileSystem, isCode, readAll, syncDirectory, unlessMissing, writeFile } from './file-system.ts';

const [NOTHING, VALUE, OWN_FILE] = [0, 1, 2] as const;
const PENDING = '.tmp';
/** How often somebody else may be first, or a directory be read in the midst of a change. */
const TRIES = 10_000;

/** The value of one moment. */
export interface Version {
  readonly version: number;
  /** Whether the key's own file has it. */
  readonly isOwnFile: boolean;
  readonly bytes: Uint8Array | undefined;
}

export class FileChain {
  readonly #fs: FileSystem;
  /** The directory of the versions, in {@link #parent}. */
  readonly #directory: string;
  readonly #parent: string;
  /** A name that nobody else has. */
  readonly #unique: () => string;

  constructor(fs: FileSystem, parent: string, name: string, unique: () => string) {
    this.#fs = fs;
    this.#parent = parent;
    this.#directory = `${parent}/${name}`;
    this.#unique = unique;
  }

  /** Whether the key has versions. */
  async exists(): Promise<boolean> {
    return (await unlessMissing(this.#fs.readdir(this.#directory))) !== undefined;
  }

  /** The latest version, without what the key's own file holds; `undefined` where there are none. */
  async latest(): Promise<Version | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const names = await unlessMissing(this.#fs.readdir(this.#directory));
      if (names === undefined) return undefined;
      const version = Math.max(0, ...versionsIn(names));
      const file = version > 0 && (await unlessMissing(this.#fs.open(this.#path(version), 'r')));
      if (!file) continue;
      let bytes: Uint8Array;
      try {
        bytes = await readAll(file);
      } finally {
        await file.close();
      }
      const [kind] = bytes;
      if (kind !== NOTHING && kind !== VALUE && kind !== OWN_FILE) {
        throw new FedkitError(
          'DECODE_FAILED',
          `fileStore: ${this.#path(version)}: expected a version, got other bytes`,
        );
      }
      return { version, isOwnFile: kind === OWN_FILE, bytes: kind === VALUE ? bytes.subarray(1) : undefined };
    }
    throw new FedkitError('UNAVAILABLE', `fileStore: ${this.#directory}: expected a version, got none in many tries`);
  }

  /** Makes the directory, with its first version in it, unless it is there. */
  async begin(): Promise<void> {
    if (await this.exists()) return;
    const made = `${this.#directory}.${this.#unique()}${PENDING}`;
    await this.#fs.mkdir(made, { recursive: true });
    await writeFile(this.#fs, `${made}/1`, [Uint8Array.of(OWN_FILE)]);
    await syncDirectory(this.#fs, made);
    try {
      // Onto one that is there, and never empty, no directory is moved.
      await this.#fs.rename(made, this.#directory);
    } catch (error) {
      await removeDirectory(this.#fs, made);
      if (!(await this.exists())) throw error;
    }
    await syncDirectory(this.#fs, this.#parent);
  }

  /** Puts `pieces`, or nothing, in the place of `latest`; false where that is no longer the latest. */
  async follow(latest: Version, pieces: readonly Uint8Array[] | undefined): Promise<boolean> {
    const next = latest.version + 1;
    const pending = `${this.#path(next)}.${this.#unique()}${PENDING}`;
    const content = pieces ? [Uint8Array.of(VALUE), ...pieces] : [Uint8Array.of(NOTHING)];
    try {
      await writeFile(this.#fs, pending, content);
      if (!(await this.#isThere(latest.version))) return false;
      await this.#fs.link(pending, this.#path(next));
    } catch (error) {
      if (isCode(error, 'EEXIST', 'ENOENT')) return false;
      throw error;
    } finally {
      await unlessMissing(this.#fs.unlink(pending)).catch(() => {});
    }
    await syncDirectory(this.#fs, this.#directory);
    // What stays is deleted by who comes next.
    await this.#tidy(next).catch(() => {});
    return true;
  }

  async #isThere(version: number): Promise<boolean> {
    const file = await unlessMissing(this.#fs.open(this.#path(version), 'r'));
    await file?.close();
    return file !== undefined;
  }

  /** Deletes what is before `version`, from the earliest, each after whatever was pending for it. */
  async #tidy(version: number): Promise<void> {
    const before = versionsIn(await this.#fs.readdir(this.#directory)).filter((other) => other < version);
    for (const old of before.sort((a, b) => a - b)) {
      for (const name of await this.#fs.readdir(this.#directory)) {
        if (name.endsWith(PENDING) && Number.parseInt(name, 10) <= old) {
          await unlessMissing(this.#fs.unlink(`${this.#directory}/${name}`));
        }
      }
      await unlessMissing(this.#fs.unlink(this.#path(old)));
    }
  }

  #path(version: number): string {
    return `${this.#directory}/${version}`;
  }
}

function versionsIn(names: readonly string[]): number[] {
  return names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
}

/** Removes a directory of files, as far as that goes. */
export async function removeDirectory(fs: FileSystem, path: string): Promise<void> {
  try {
    for (const name of await fs.readdir(path)) await fs.unlink(`${path}/${name}`);
    await fs.rmdir?.(path);
  } catch {
    // Left for whoever sweeps next.
  }
}
