// What a tarball holds, and what it may not.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../packed.mjs';

/** Bytes of all of a tarball's files that may be source maps: so much that an editor finds a declaration's source. */
const MOST_MAPS = 0.2;
/** Bytes of a tarball. */
const LARGEST = 1_500_000;
/** Scripts that a package manager runs as it installs. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
const NEEDED = ['package/package.json', 'package/README.md', 'package/LICENSE'];
// A new project comes with its test.
const UNWANTED = /^package\/(?!templates\/).*\.test\.|\.tsbuildinfo$|\.js\.map$|\/node_modules\/|\/\.[^/]+$/;

/** Files with their lengths in bytes. */
function filesOf(tarball) {
  const lines = execFileSync('tar', ['tzvf', tarball], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [, , bytes, , , path] = line.trim().split(/\s+/);
    return { path, bytes: Number(bytes) };
  });
}

/** Holds every tarball to publint, attw and the rules above. */
export function tarballs(packed) {
  let most = 0;
  for (const { manifest, tarball } of packed) {
    const { name } = manifest;
    run(root, join(root, 'node_modules/.bin/publint'), tarball, '--strict');
    run(root, join(root, 'node_modules/.bin/attw'), tarball, '--profile', 'esm-only');
    const scripts = INSTALL_SCRIPTS.filter((script) => script in (manifest.scripts ?? {}));
    if (scripts.length > 0)
      throw new Error(`${name}: expected no script that runs as it is installed, got ${scripts.join(', ')}`);
    const files = filesOf(tarball);
    const missing = NEEDED.filter((path) => !files.some((file) => file.path === path));
    if (missing.length > 0) throw new Error(`${name}: expected ${missing.join(', ')}, got none`);
    const unwanted = files.find(({ path }) => UNWANTED.test(path));
    if (unwanted !== undefined) throw new Error(`${name}: expected what users need, got ${unwanted.path}`);
    const sum = (list) => list.reduce((bytes, file) => bytes + file.bytes, 0);
    const share = sum(files.filter(({ path }) => path.endsWith('.map'))) / sum(files);
    if (share > MOST_MAPS)
      throw new Error(`${name}: expected at most ${MOST_MAPS} of its bytes in source maps, got ${share}`);
    most = Math.max(most, share);
    const { size } = statSync(tarball);
    if (size > LARGEST) throw new Error(`${name}: expected at most ${LARGEST} bytes, got ${size}`);
  }
  return `${packed.length} pass publint and attw, run nothing as they are installed, and hold at most ${(100 * most).toFixed(0)} % of maps`;
}
