// The bill of materials: what an installation of all packages consists of, as CycloneDX, and under which licences.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../packed.mjs';
import { installedByNpm } from './install.mjs';

/** Licences under which anything may be built on a dependency. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0']);
/** What brings a script that npm would run as it installs: none must run. */
const WITH_SCRIPTS = ['esbuild', 'msgpackr-extract'];
const PAGE = join(root, 'docs/licenses.md');
const OUT = join(root, 'out/packages');

/** Names that depend on a platform stand once. */
function family(name) {
  return name.replace(/^(@esbuild)\/.*/, '$1/*').replace(/^(@msgpackr-extract)\/.*/, '$1/*');
}

/** Every package that is not ours, as npm's lock file has it. */
function installed(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .map(([path, entry]) => ({ ...entry, name: path && path.slice(path.lastIndexOf('node_modules/') + 13) }))
    .filter(({ name, resolved }) => name !== '' && !resolved?.startsWith('file:'));
}

/** The page: names and licences; versions that ranges allow are the bill's to say. */
function pageOf(rows, packed) {
  const direct = new Map();
  for (const { manifest } of packed) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      direct.set(name, [...(direct.get(name) ?? []), manifest.name]);
    }
  }
  const licences = new Map(rows.map(({ name, license }) => [family(name), license]));
  const lines = [...licences]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, license]) => {
      const users =
        direct
          .get(name)
          ?.map((user) => `\`${user}\``)
          .join(', ') ?? '';
      return `| \`${name}\` | ${license} | ${users} |`;
    });
  return [
    '# Licences of dependencies',
    '',
    'fedkit is under Apache-2.0. What an installation of every package brings besides, but for TensorFlow.js, which is yours',
    'to bring, is under these licences. All of them are permissive. `pnpm run packages bill` writes this page, and fails where it is not',
    'what is installed. It also writes a bill of materials with every version, as CycloneDX, into `out/packages/sbom.cdx.json`.',
    '',
    '| package | licence | asked for by |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

export async function bill(packed, folder) {
  installedByNpm(folder, packed);
  const rows = installed(folder);
  const foreign = rows.filter(({ license }) => !PERMISSIVE.has(license));
  if (foreign.length > 0) {
    throw new Error(
      `expected permissive licences, got ${foreign.map(({ name, license }) => `${name}: ${license}`).join(', ')}`,
    );
  }
  const scripts = [
    ...new Set(rows.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)),
  ].toSorted((a, b) => (a < b ? -1 : 1));
  const unknown = scripts.filter((name) => !WITH_SCRIPTS.includes(name) && name !== 'fsevents');
  if (unknown.length > 0)
    throw new Error(`expected no script that runs as it is installed, got those of ${unknown.join(', ')}`);
  mkdirSync(OUT, { recursive: true });
  const text = run(folder, 'npm', 'sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application');
  const { components, bomFormat } = JSON.parse(text);
  if (bomFormat !== 'CycloneDX' || components.length < rows.length / 2)
    throw new Error('expected a bill of all packages');
  writeFileSync(join(OUT, 'sbom.cdx.json'), text);
  const page = pageOf(rows, packed);
  const shapeless = (markdown) => markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
  let before = '';
  try {
    before = readFileSync(PAGE, 'utf8');
  } catch {
    // The first time.
  }
  if (shapeless(before) !== shapeless(page)) {
    writeFileSync(PAGE, page);
    throw new Error(`expected docs/licenses.md as it is, got another, which is written: look at it and commit it`);
  }
  return `${components.length} components in out/packages/sbom.cdx.json; ${rows.length} packages of others, all permissive; scripts of ${scripts.join(', ')} alone`;
}
