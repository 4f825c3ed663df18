// Packs every package, holds the tarballs against publint and attw, and installs them into a fresh project.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll, root, run } from './packed.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'fedkit-packages-'));

try {
  const dependencies = {};
  const specifiers = [];
  for (const { manifest, tarball } of packAll(scratch)) {
    run(root, join(root, 'node_modules/.bin/publint'), tarball, '--strict');
    run(root, join(root, 'node_modules/.bin/attw'), tarball, '--profile', 'esm-only');
    dependencies[manifest.name] = `file:${tarball}`;
    const optional = new Set(Object.keys(manifest.peerDependencies ?? {}).length > 0 ? ['./tfjs'] : []);
    for (const path of Object.keys(manifest.exports)) {
      if (path.endsWith('.json') || optional.has(path)) continue;
      specifiers.push(manifest.name + path.slice(1));
    }
  }
  const project = mkdtempSync(join(scratch, 'project-'));
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides: dependencies }),
  );
  run(project, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts');
  for (const specifier of specifiers) {
    run(project, process.execPath, '--input-type=module', '-e', `await import(${JSON.stringify(specifier)})`);
  }
  const vectors = JSON.stringify('@fedkit/secagg/vectors/transcripts.json');
  const isThere = `(await import(${vectors}, { with: { type: 'json' } })).default.negative.length || process.exit(1)`;
  run(project, process.execPath, '--input-type=module', '-e', isThere);
  console.log(
    `packages: ${Object.keys(dependencies).length} tarballs pass publint and attw and install into a fresh project; ${specifiers.length} entry points import.`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
