// A file system that fails as disks do, when it is told to.
import * as fs from 'node:fs/promises';
import type { FileSystem } from '@fedkit/core';

/** `ENOSPC`: writes fail in their midst. `EROFS`: nothing can be made or changed. `EIO`: any call may fail, done or not. */
export type DiskFault = 'ENOSPC' | 'EROFS' | 'EIO';

export class BrokenDisk {
  fault: DiskFault | undefined;
  readonly #chance: () => number;

  /** @param chance - Uniform in [0, 1). */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  get fileSystem(): FileSystem {
    const fail = (code: string): never => {
      throw Object.assign(new Error(`${code}: injected`), { code });
    };
    const changing = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.fault === 'EROFS') fail('EROFS');
      if (this.fault !== 'EIO' || this.#chance() < 0.7) return work();
      if (this.#chance() < 0.5) await work();
      return fail('EIO');
    };
    return {
      mkdir: (path, options) => changing(() => fs.mkdir(path, options)),
      readdir: (path) => fs.readdir(path),
      rename: (from, to) => changing(() => fs.rename(from, to)),
      link: (from, to) => changing(() => fs.link(from, to)),
      unlink: (path) => changing(() => fs.unlink(path)),
      open: async (path, flags) => {
        // Failed before or not at all: a handle that nobody has would never be closed.
        if (flags !== 'r') await changing(async () => {});
        const file = await fs.open(path, flags);
        return {
          write: async (bytes, offset, length, position) => {
            if (this.fault !== 'ENOSPC') return changing(() => file.write(bytes, offset, length, position));
            // What fits is written.
            await file.write(bytes, offset, Math.floor(length / 2), position);
            return fail('ENOSPC');
          },
          read: (bytes, offset, length, position) => file.read(bytes, offset, length, position),
          stat: () => file.stat(),
          sync: () => changing(() => file.sync()),
          close: () => file.close(),
        };
      },
    };
  }
}
