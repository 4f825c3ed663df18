// Runs the tests with temporary files in a folder of their own, then fails if anything is left there or was left in the
// repository: a test removes what it writes, and writes nowhere else. Words after the command are vitest's.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Installed or compiled, or kept by tools for their next start. */
const NOT_OURS = new Set(['.git', 'node_modules', 'dist']);
const CACHES = /^(tsx-|node-compile-cache|v8-compile-cache|\.org\.chromium|com\.google|npm-)/;

/** Every file under `folder` with when it was written. */
export function filesIn(folder, seen = new Map()) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!NOT_OURS.has(entry.name)) filesIn(path, seen);
    } else if (!entry.name.endsWith('.tsbuildinfo')) {
      const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {};
      seen.set(path, `${mtimeMs} ${size}`);
    }
  }
  return seen;
}

/** Files that are new or different, or gone. */
export function changes(before, after) {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}

/** @returns The exit code. */
export function suite(words) {
  const temporary = mkdtempSync(join(tmpdir(), 'fedkit-suite-'));
  // A server that does not run as root reaches its own folder below.
  chmodSync(temporary, 0o711);
  const before = filesIn(root);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const command = [vitest, 'run', '--config', 'vitest.workspace.ts', '--project', '!page', ...words];
  const env = { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', env });
  const left = [
    ...changes(before, filesIn(root)).map((path) => relative(root, path)),
    ...readdirSync(temporary)
      .filter((name) => !CACHES.test(name))
      .map((name) => join(temporary, name)),
  ];
  rmSync(temporary, { recursive: true, force: true });
  if (left.length > 0) console.error(`The tests left behind, or changed:\n  ${left.join('\n  ')}`);
  return status || Number(left.length > 0);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = suite(process.argv.slice(2));
