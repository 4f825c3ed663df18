// Measurements in a process of their own, of any checkout that has the probe.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { checkout as checkoutWith, ROOT, type Checkout } from '../shared/checkout.ts';

export { ROOT };

const PROBE = 'bench/secagg/probe.ts';

/** A checkout of `commit`, with the probe of today in it. */
export function checkout(commit: string): Checkout {
  return checkoutWith(commit, PROBE);
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

/** What is measured as today's: the commit, and how far the files are from it. */
export function revision(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: ROOT, maxBuffer: 2 ** 26 });
  const changed = createHash('sha256').update(git('diff', 'HEAD')).digest('hex').slice(0, 8);
  return `${git('rev-parse', '--short', 'HEAD').toString().trim()}-${changed}`;
}
