/**
 * A module and all that it imports as one text of JavaScript: a worker thread starts from it in a tenth of the time that it
 * takes to compile the sources one by one.
 *
 * @module
 */
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const made = new Map<string, URL>();

/** Bundles `entry`, a TypeScript file, once a process. @returns A data URL for `new Worker`; nothing is written. */
export function bundle(entry: string): URL {
  const known = made.get(entry);
  if (known !== undefined) return known;
  const place = JSON.stringify(pathToFileURL(entry));
  const [{ text }] = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@fedkit/source'],
    // For packages that are CommonJS still; under a name that no package has.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(${place});`,
    },
    logLevel: 'error',
    write: false,
  }).outputFiles;
  const url = new URL(`data:text/javascript,${encodeURIComponent(text)}`);
  made.set(entry, url);
  return url;
}
