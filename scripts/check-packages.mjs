// Packs every package, holds the tarballs against publint and attw, and installs them into a fresh project.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-packages-'));

function run(cwd, command, ...args) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    console.error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
    throw new Error(`${command} failed in ${cwd}`, { cause: error });
  }
}

try {
  const dependencies = {};
  const specifiers = [];
  for (const name of readdirSync(join(root, 'packages'))) {
    const directory = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    run(directory, 'pnpm', 'pack', '--pack-destination', scratch);
    const tarball = join(scratch, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
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
