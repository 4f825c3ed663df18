import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { buildSync, type BuildOptions } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** Bytes of the client's bundle, minified and compressed. */
function size(options: BuildOptions): number {
  const { outputFiles } = buildSync({
    entryPoints: [join(import.meta.dirname, 'client.ts')],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions: ['@fedkit/source'],
    write: false,
    ...options,
  });
  return gzipSync((outputFiles as { contents: Uint8Array }[])[0].contents, { level: 9 }).length;
}

describe('a FedAvg client', () => {
  // Metro takes every module that an import reaches, and every statement of it: neither `sideEffects` nor unused exports count.
  // What it makes of them itself, `engines` measures.
  it('is at most 27.8 KB compressed where nothing is shaken off', () => {
    expect(size({ treeShaking: false, ignoreAnnotations: true })).toBeLessThanOrEqual(27_800);
  });

  it('is at most 22.9 KB compressed where a bundler shakes', () => {
    expect(size({})).toBeLessThanOrEqual(22_900);
  });
});
