// An earlier commit in a temporary folder, installed as it was, to be measured beside today's.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Checkout {
  readonly root: string;
  /** Takes the folder away again. */
  remove(): void;
}

/** Copies the named files of today into another checkout. */
export function place(root: string, ...today: readonly string[]): void {
  for (const file of today) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(root, file));
  }
}

/** A checkout of `commit`, with the named files of today in it. */
export function checkout(commit: string, ...today: readonly string[]): Checkout {
  const parent = mkdtempSync(join(tmpdir(), 'fedkit-baseline-'));
  const root = join(parent, 'fedkit');
  const git = (...words: string[]) => execFileSync('git', words, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const remove = (): void => {
    git('worktree', 'remove', '--force', root);
    rmSync(parent, { recursive: true, force: true });
  };
  git('worktree', 'add', '--detach', root, commit);
  try {
    const install = ['-y', 'pnpm@12.21.0', 'install', '--frozen-lockfile', '--prefer-offline', '--silent'];
    execFileSync('npx', install, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    place(root, ...today);
  } catch (error) {
    remove();
    throw error;
  }
  return { root, remove };
}
