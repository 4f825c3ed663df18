// npm installs the tarballs, without running a script, and every entry loads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packed.mjs';
import { sources, specifiers, writeProject } from './project.mjs';

const NPM = ['install', '--no-audit', '--no-fund', '--prefer-offline'];

/** A project that npm has installed. */
export function installedByNpm(folder, packed) {
  writeProject(folder, packed, { overrides: sources(packed) });
  run(folder, 'npm', ...NPM, '--ignore-scripts');
}

export function install(packed, folder) {
  installedByNpm(folder, packed);
  const entries = specifiers(packed);
  const vectors = '@fedkit/secagg/vectors/transcripts.json';
  writeFileSync(
    join(folder, 'entries.mjs'),
    `${entries.map((entry) => `import ${JSON.stringify(entry)};`).join('\n')}
    import transcripts from ${JSON.stringify(vectors)} with { type: 'json' };
    if (transcripts.negative.length === 0) process.exit(1);`,
  );
  run(folder, process.execPath, 'entries.mjs');
  return `npm installs ${packed.length} tarballs into a fresh project, without scripts; ${entries.length} entries load`;
}
