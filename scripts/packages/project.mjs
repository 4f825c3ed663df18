// A fresh project of a user, with every package of ours from its tarball.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../packed.mjs';

/** Optional peers that entries import as they load, at the versions that the workspace tests. */
function peers(packed) {
  const developed = packed.flatMap(({ manifest }) => Object.entries(manifest.devDependencies ?? {}));
  const versions = Object.fromEntries(developed);
  const names = packed.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}));
  // 60 MB that one entry needs, which no part imports.
  const light = names.filter((name) => !name.startsWith('@tensorflow/'));
  return Object.fromEntries(light.map((name) => [name, versions[name] ?? versionInLockFile(name)]));
}

function versionInLockFile(name) {
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const found = new RegExp(`^ {2}'?${name}@([0-9.]+)`, 'm').exec(lock);
  if (found === null) throw new Error(`expected ${name} in the lock file`);
  return found[1];
}

/** Where each package of ours comes from. */
export function sources(packed) {
  return Object.fromEntries(packed.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
}

/** Writes the manifest of a project; `more` is what one package manager wants besides. */
export function writeProject(folder, packed, more = {}) {
  const dependencies = { ...sources(packed), ...peers(packed) };
  const manifest = { name: 'app', version: '1.0.0', private: true, type: 'module', dependencies, ...more };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
}

/** Everything that can be imported without TensorFlow.js. */
export function specifiers(packed) {
  return packed.flatMap(({ manifest }) =>
    Object.keys(manifest.exports)
      .filter((path) => !path.endsWith('.json') && path !== './tfjs')
      .map((path) => manifest.name + path.slice(1)),
  );
}
