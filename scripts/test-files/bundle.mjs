// Test files as modules that any engine loads: what they share is shared, vitest's own parts among it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './choose.mjs';

/** In comments of files whose tests draw from the platform. */
const STATED = 'Odds: ';

/**
 * Writes modules of `files` and of the runner into `folder`.
 *
 * @returns The path of the runner's module in `folder`.
 */
export async function bundleFiles(files, folder) {
  const runner = 'scripts/test-files/run.mjs';
  await build({
    entryPoints: [...files, runner].map((file) => join(root, file)),
    absWorkingDir: root,
    outbase: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['@fedkit/source', 'browser', 'module', 'import'],
    external: ['node:*', '@opentelemetry/api'],
    logLevel: 'error',
  });
  const stated = files.filter((file) => readFileSync(join(root, file), 'utf8').includes(STATED));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'stated.json'), JSON.stringify(stated));
  return runner.replace(/mjs$/, 'js');
}
