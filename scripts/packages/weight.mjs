// What `pnpm install` puts on the disk of whoever clones the repository, counted as `du -sm` counts: blocks, each file once.
import { cpSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from '../packed.mjs';

/** In MiB. */
const MAXIMUM = 700;

/** Bytes that everything under `folder` takes; links are not followed, files with several names count once. */
function allocated(folder, seen = new Set()) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { ino, nlink, blocks } = lstatSync(path);
    if (entry.isFile() && nlink > 1) {
      if (seen.has(ino)) continue;
      seen.add(ino);
    }
    bytes += 512 * blocks + (entry.isDirectory() ? allocated(path, seen) : 0);
  }
  return bytes;
}

/** A clone's own install, without what an older one has left. */
export function weight(_packed, folder) {
  const files = run(root, 'git', 'ls-files', '*package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml')
    .trim()
    .split('\n');
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  run(folder, 'npx', '-y', 'pnpm@12.21.0', 'install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts');
  const megabytes = Math.ceil(allocated(join(folder, 'node_modules')) / 2 ** 20);
  if (megabytes > MAXIMUM) throw new Error(`an install takes ${megabytes} MB, more than ${MAXIMUM}`);
  return `a fresh install takes ${megabytes} MB of at most ${MAXIMUM}`;
}
