// Each package manager installs the tarballs into a fresh project, the strict ones with the strictness that they come with: pnpm's
// links, Yarn's Plug'n'Play. Nothing is built as it is installed.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packed.mjs';
import { sources, specifiers, writeProject } from './project.mjs';

const SMOKE = 'smoke.mjs';

/** Programs from the registry, so that none has to be installed. */
const MANAGERS = {
  async npm(folder, packed) {
    writeProject(folder, packed, { overrides: sources(packed) });
    run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts');
    return {
      execute: (...words) => run(folder, process.execPath, ...words),
      bin: () => run(folder, 'npx', 'fedkit', '--version'),
    };
  },
  async pnpm(folder, packed) {
    writeProject(folder, packed);
    const overrides = Object.entries(sources(packed)).map(([name, source]) => `  '${name}': '${source}'`);
    const denied = ['esbuild', 'msgpackr-extract'].map((name) => `  ${name}: false`);
    writeFileSync(
      join(folder, 'pnpm-workspace.yaml'),
      ['overrides:', ...overrides, 'allowBuilds:', ...denied, ''].join('\n'),
    );
    const pnpm = (...words) => run(folder, 'npx', '-y', 'pnpm@12.21.0', ...words);
    pnpm('install', '--strict-peer-dependencies');
    return {
      execute: (...words) => run(folder, process.execPath, ...words),
      bin: () => pnpm('exec', 'fedkit', '--version'),
    };
  },
  async 'yarn, Plug’n’Play'(folder, packed) {
    return yarn(folder, packed, 'pnp');
  },
  async 'yarn, node_modules'(folder, packed) {
    return yarn(folder, packed, 'node-modules');
  },
  async bun(folder, packed) {
    writeProject(folder, packed, { overrides: sources(packed) });
    const bun = (...words) => run(folder, 'npx', '-y', 'bun@1.4.5', ...words);
    bun('install');
    return { execute: bun, bin: () => bun('x', 'fedkit', '--version') };
  },
};

function yarn(folder, packed, linker) {
  writeProject(folder, packed, { resolutions: sources(packed) });
  writeFileSync(
    join(folder, '.yarnrc.yml'),
    `nodeLinker: ${linker}\nenableScripts: false\nenableTelemetry: false\nenableImmutableInstalls: false\nenableGlobalCache: false\n`,
  );
  writeFileSync(join(folder, 'yarn.lock'), '');
  const berry = (...words) => run(folder, 'npx', '-y', '--package', '@yarnpkg/cli-dist@4.18.1', 'yarn', ...words);
  berry('install');
  return { execute: (...words) => berry('node', ...words), bin: () => berry('run', 'fedkit', '--version') };
}

export async function managers(packed, folder) {
  const [{ manifest }] = packed.filter((one) => one.manifest.name === 'fedkit');
  const entries = specifiers(packed);
  for (const [name, install] of Object.entries(MANAGERS)) {
    const project = join(folder, name.replaceAll(/\W+/g, '-'));
    mkdirSync(project);
    const { execute, bin } = await install(project, packed);
    copyFileSync(join(import.meta.dirname, SMOKE), join(project, SMOKE));
    writeFileSync(join(project, 'entries.mjs'), entries.map((entry) => `import ${JSON.stringify(entry)};\n`).join(''));
    execute('entries.mjs');
    execute(SMOKE);
    const said = bin();
    if (!said.includes(manifest.version)) throw new Error(`${name}: expected fedkit ${manifest.version}, got ${said}`);
  }
  return `${Object.keys(MANAGERS).join('; ')}: ${entries.length} entries load, a first round runs, and so does the command`;
}
