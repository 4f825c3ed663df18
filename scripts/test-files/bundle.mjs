// Test files as modules that any engine loads: what they share is shared, vitest's own parts among it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { byCode, root } from './choose.mjs';

/** In comments of files whose tests draw from the platform. */
const STATED = 'Odds: ';

/**
 * Writes modules of `files` and of the runner into `folder`.
 *
 * @returns `runner`, the path of its module in `folder`; `digests`, of each file: of every module that it and the runner load.
 */
export async function bundleFiles(files, folder) {
  const runner = 'scripts/test-files/run.mjs';
  const { metafile } = await build({
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
    metafile: true,
    logLevel: 'error',
  });
  const stated = files.filter((file) => readFileSync(join(root, file), 'utf8').includes(STATED));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'stated.json'), JSON.stringify(stated));
  const contents = new Map();
  const digests = new Map(files.map((file) => [file, digestOf(metafile.inputs, [file, runner], contents)]));
  return { runner: runner.replace(/mjs$/, 'js'), digests };
}

/** Of every module that `files` reach. */
function digestOf(inputs, files, contents) {
  const seen = new Set(files);
  for (const path of seen) {
    for (const { path: target, external } of inputs[path].imports) if (!external) seen.add(target);
  }
  const hash = createHash('sha256');
  for (const path of [...seen].sort(byCode)) {
    if (!contents.has(path)) contents.set(path, contentOf(path));
    hash.update(`${path}\n${contents.get(path)}\n`);
  }
  return hash.digest('hex');
}

function contentOf(path) {
  // What esbuild put in a module's place, as for one that a browser's build leaves out, has a name alone.
  try {
    return createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
  } catch {
    return 'none';
  }
}
