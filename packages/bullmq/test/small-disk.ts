/**
 * A disk of a few megabytes, to be filled: a file system in memory, where this user may mount one.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Fills it, but for so many blocks of 4 KiB. */
  fill(left?: number): void;
  /** Takes away what filled it. */
  free(): void;
  remove(): void;
}

/** A disk of so many megabytes; `undefined`, and the reason aloud, where none can be mounted. */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const parent = mkdtempSync(join(tmpdir(), 'fedkit-disk-'));
  // Others than its owner, as PostgreSQL is, pass through.
  chmodSync(parent, 0o755);
  const folder = join(parent, 'disk');
  mkdirSync(folder);
  const mount = (): void => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'fedkit', folder], { stdio: 'ignore' });
  };
  try {
    mount();
  } catch {
    rmSync(parent, { recursive: true, force: true });
    process.stderr.write('No file system can be mounted here: the tests on a disk that is really full are skipped\n');
    return undefined;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill(left = 0) {
      const file = openSync(ballast, 'w');
      const block = new Uint8Array(4096);
      try {
        while (statfsSync(folder).bavail > left) writeSync(file, block);
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast),
    remove() {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
