/**
 * A page that runs one bundled module.
 *
 * @module
 */
import { build } from 'esbuild';
import { type NodeServer, serve } from '../../src/transport/node/serve.ts';

/** `entry`, a TypeScript file, as one module for browsers. */
export async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@fedkit/source'],
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/**
 * Serves an empty page, and modules by their paths; the page imports what it needs.
 *
 * @param headers - Of every answer.
 */
export async function serveModules(
  modules: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<NodeServer> {
  const answer = (body: string, type: string) => new Response(body, { headers: { ...headers, 'content-type': type } });
  return serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/') return answer('<!doctype html><title>fedkit</title>', 'text/html');
    const module = modules[pathname];
    return module === undefined ? new Response('', { status: 404 }) : answer(module, 'text/javascript');
  });
}
