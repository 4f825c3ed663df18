/**
 * Import lines as a bundler makes them.
 *
 * @module
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

/** What came of it: bytes compressed, and every module with its bytes, the largest first. */
export interface Bundle {
  readonly bytes: number;
  readonly modules: readonly { readonly path: string; readonly bytes: number }[];
}

/** `esbuild --bundle --minify --format=esm`, then `gzip -9`. */
export function bundleOf(lines: string): Bundle {
  const { outputFiles, metafile } = buildSync({
    stdin: { contents: lines, resolveDir: join(import.meta.dirname, '../../examples'), sourcefile: 'app.js' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions: ['@fedkit/source'],
    external: ['node:*'],
    metafile: true,
    logLevel: 'error',
    write: false,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const modules = Object.entries(inputs)
    .map(([path, { bytesInOutput }]) => ({
      path: path.replace(/^.*(packages\/|node_modules\/)/, '$1'),
      bytes: bytesInOutput,
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return { bytes: gzipSync(outputFiles[0].contents, { level: 9 }).length, modules };
}
