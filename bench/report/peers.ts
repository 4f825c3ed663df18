// The Python packages that are measured beside us, pinned, in an environment outside the tree.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../shared/checkout.ts';

const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit', 'peers');

/** Runs `work` with PYTHON as it is set, or as the interpreter of an environment that is made once. */
export function withPeers(work: () => void): void {
  if (process.env.PYTHON === undefined) {
    const python = join(folder, 'bin/python');
    const made = join(folder, 'made');
    if (!existsSync(made)) {
      mkdirSync(folder, { recursive: true });
      execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
      const own = (...words: string[]) => execFileSync(python, [...pip, ...words], { stdio: 'inherit' });
      own('-r', join(ROOT, 'bench/peers/requirements.txt'), '--no-deps');
      // What the accountants import; Opacus's own dependencies would bring torch.
      own('absl-py', 'attrs', 'mpmath', 'scipy', 'dm-tree');
      writeFileSync(made, '');
    }
    process.env.PYTHON = python;
  }
  work();
}
