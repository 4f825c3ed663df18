/**
 * The page as files that the coordinator hands out, each with the policy under which it runs.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { buildSync } from 'esbuild';

/** The files, ready to be handed out. */
export interface PageFiles {
  /** Names them: another build has another. */
  readonly build: string;
  respond(pathname: string): Response;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};
const HERE = join(import.meta.dirname, 'page');

/**
 * Bundles the page.
 *
 * @param options - `strict`: its policy forbids WebAssembly. `version`: told apart from others of the same code.
 */
export function pageFiles(options: { readonly strict?: boolean; readonly version?: string } = {}): PageFiles {
  const { strict = false, version = '' } = options;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const { outputFiles } = buildSync({
    entryPoints: ['page.ts', 'worker.ts', 'service-worker.ts'].map((name) => join(HERE, name)),
    outdir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    conditions: ['@fedkit/source'],
    logLevel: 'error',
    write: false,
  });
  for (const { path, contents } of outputFiles) files.set(`/${basename(path)}`, new Uint8Array(contents));
  // The kernels of TensorFlow.js come from here too, from no other server.
  const kernels = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    files.set(`/${name}`, new Uint8Array(readFileSync(join(kernels, 'dist', name))));
  }
  for (const name of ['style.css', 'icon.svg']) files.set(`/${name}`, new Uint8Array(readFileSync(join(HERE, name))));
  const digest = createHash('sha256').update(version);
  for (const bytes of files.values()) digest.update(bytes);
  const pages = ['index.html', 'together.html'].map((name) => [name, readFileSync(join(HERE, name), 'utf8')] as const);
  for (const [, html] of pages) digest.update(html);
  const build = digest.digest('hex').slice(0, 12);
  for (const [name, html] of pages) files.set(`/${name}`, new TextEncoder().encode(html.replaceAll('%BUILD%', build)));

  const headers = {
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'self'${strict ? '' : " 'wasm-unsafe-eval'"}`,
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "worker-src 'self'",
      "frame-src 'self'",
      "frame-ancestors 'self'",
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; '),
    // What shared memory asks for, wherever a tab wants threads.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  };
  const entries: Readonly<Record<string, string>> = { '/': '/index.html', '/together': '/together.html' };
  return {
    build,
    respond(pathname) {
      const path = entries[pathname] ?? pathname;
      const bytes = files.get(path);
      if (bytes === undefined) return new Response('not found', { status: 404 });
      return new Response(bytes, { headers: { ...headers, 'content-type': TYPES[extname(path)] ?? 'text/plain' } });
    },
  };
}
