// A strict project that looks into every entry's declarations, under the TypeScript of each year.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packed.mjs';
import { installedByNpm } from './install.mjs';
import { specifiers } from './project.mjs';

/** The oldest that is promised, the last of each line since, and the newest. */
const VERSIONS = ['5.7.3', '5.8.3', '5.9.3', '6.0.2', 'latest'];
/** How projects find modules: Node's way with Node's types alone, and a bundler's with those of pages alone. */
const PROGRAMS = {
  node: { module: 'nodenext', moduleResolution: 'nodenext', lib: ['ES2023'], types: ['node'] },
  page: { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM'], types: [] },
};
/** Entries that a page has no use for. */
const NODE_ALONE = /^(?:fedkit|create-fedkit|@fedkit\/bullmq)\b|\/(?:node|node-workers)$/;
const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  noEmit: true,
  // Declarations are what is checked.
  skipLibCheck: false,
};

/** A round as an application has it, so that inference is checked and not only that types are there. */
const USE = `
import { fedAvg, federatedClient, Layout, memoryStore, plainUpdates, type Trainer } from '@fedkit/core';
import { eden } from '@fedkit/compression';
const layout = Layout.of([{ name: 'w', shape: [2] }]);
declare const trainer: Trainer;
const client = federatedClient({
  id: 'a',
  pipeline: plainUpdates({ algorithm: fedAvg(), layout, codec: eden({ bits: 2 }) }),
  trainer,
  local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
  exchange: async (request) => request,
  store: memoryStore(),
});
const { params } = await client.model();
export const first: number | undefined = params[0];
// @ts-expect-error A codec is no number.
plainUpdates({ algorithm: fedAvg(), layout, codec: 2 });
`;

export async function typescript(packed, folder) {
  installedByNpm(folder, packed);
  run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', '@types/node@20.19.43');
  writeFileSync(join(folder, 'use.ts'), USE);
  const entries = specifiers(packed);
  for (const [name, how] of Object.entries(PROGRAMS)) {
    const seen = entries.filter((entry) => name === 'node' || !NODE_ALONE.test(entry));
    const lines = seen.map((entry, i) => `export type T${i} = typeof import(${JSON.stringify(entry)});\n`);
    writeFileSync(join(folder, `${name}.ts`), lines.join(''));
    const project = { compilerOptions: { ...STRICT, ...how }, files: ['use.ts', `${name}.ts`] };
    writeFileSync(join(folder, `tsconfig.${name}.json`), JSON.stringify(project));
  }
  const seen = [];
  for (const version of VERSIONS) {
    const place = join(folder, `typescript-${version}`);
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), '{ "private": true }');
    run(place, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', `typescript@${version}`);
    const tsc = join(place, 'node_modules/.bin/tsc');
    seen.push(run(folder, tsc, '--version').trim().replace('Version ', ''));
    for (const name of Object.keys(PROGRAMS)) run(folder, tsc, '-p', `tsconfig.${name}.json`);
  }
  return `TypeScript ${seen.join(', ')}: ${entries.length} entries and a client of them check, strictly, libraries included`;
}
