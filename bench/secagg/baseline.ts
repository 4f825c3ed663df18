// An earlier commit in a temporary folder, installed as it was, with the probe of today in it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
const PROBE = 'bench/secagg/probe.ts';

/** A checkout of `commit`; `remove` takes it away again. */
export function checkout(commit: string): { readonly root: string; remove(): void } {
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
    copyFileSync(join(ROOT, PROBE), join(root, PROBE));
  } catch (error) {
    remove();
    throw error;
  }
  return { root, remove };
}

/** Runs the probe of a checkout in a process of its own. */
export function probe(root: string, words: readonly string[]): Record<string, number> {
  const line = execFileSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', '--conditions=@fedkit/source', PROBE, ...words],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 24 },
  );
  return JSON.parse(line.trim().split('\n').at(-1) as string) as Record<string, number>;
}
