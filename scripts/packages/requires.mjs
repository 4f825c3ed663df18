// `require` of every entry in CommonJS, on the oldest Node that is promised and on the later lines.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packed.mjs';
import { installedByNpm } from './install.mjs';
import { specifiers } from './project.mjs';

const NODES = ['20.19.0', '22', '24'];

export async function requires(packed, folder) {
  installedByNpm(folder, packed);
  const entries = specifiers(packed);
  writeFileSync(
    join(folder, 'required.cjs'),
    `const entries = ${JSON.stringify(entries)};
    for (const entry of entries) {
      // Some export types alone.
      if (typeof require(entry) !== 'object') throw new Error('no module: ' + entry);
    }
    const { Layout } = require('@fedkit/core');
    if (Layout.of([{ name: 'w', shape: [2] }]).size !== 2) throw new Error('no layout');
    console.log(process.version);`,
  );
  const seen = NODES.map((node) => run(folder, 'npx', '-y', `node@${node}`, 'required.cjs').trim());
  return `${entries.length} entries can be required on Node ${seen.join(', ')}`;
}
