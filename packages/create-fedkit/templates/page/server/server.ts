// The server: the page's files, and sums of updates. Kill it at any point, and start it again on the same folder.
import { readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { federatedServer, fileStore, secureRng } from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { LEAST, model, nameOf, pipelineOf } from '../src/federation.ts';

const PAGE = join(import.meta.dirname, '../src');

export interface ServerOptions {
  /** Where the run is kept. */
  readonly folder: string;
  readonly port?: number;
  /** Tabs that a round waits for; no fewer than {@link LEAST}. */
  readonly minimum?: number;
  /** Milliseconds after which tabs that wait ask again. */
  readonly retryAfter?: number;
  /** Milliseconds that a stage waits for a tab that is gone. */
  readonly timeout?: number;
}

export async function startServer(options: ServerOptions) {
  const { folder, port = 0, minimum = LEAST, retryAfter = 1000, timeout = 10_000 } = options;
  const store = fileStore(fs, folder);
  await store.create('sealing-key', secureRng().fill(new Uint8Array(32)));
  const federation = await federatedServer({
    pipeline: pipelineOf((await store.get('sealing-key')) as Uint8Array),
    initial: new Float32Array(model.layout.size),
    cohort: 20, // tabs in a round, at most
    minimum,
    rounds: 5,
    retryAfter,
    deadlines: { recruiting: 5 * retryAfter, reporting: timeout, stage: timeout },
    store,
    clock: Date.now,
    rng: secureRng(),
  });
  const files = new Map([['/', new Uint8Array(readFileSync(join(PAGE, 'index.html')))]]);
  const entryPoints = ['page.ts', 'worker.ts'].map((name) => join(PAGE, name));
  const bundled = await build({ entryPoints, outdir: '/', bundle: true, format: 'esm', minify: true, write: false });
  for (const { path, contents } of bundled.outputFiles) files.set(`/${basename(path)}`, new Uint8Array(contents));
  const exchange = fetchHandler(federation, {
    // Whoever opens the page takes part: ask your own sign-in here.
    authenticate: (request) => {
      const token = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.get('authorization') ?? '')?.[1];
      return token && nameOf(token);
    },
  });
  const respond = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/fedkit') return exchange(request);
    const type = pathname === '/' ? 'text/html; charset=utf-8' : 'text/javascript';
    const file = files.get(pathname);
    return file ? new Response(file, { headers: { 'content-type': type } }) : new Response('', { status: 404 });
  };
  const listening = await serve(respond, { port });
  const timer = setInterval(() => void federation.tick().catch(console.error), Math.min(retryAfter, 500));
  return {
    federation,
    url: listening.url,
    async close() {
      clearInterval(timer);
      await listening.close({ grace: 1000 });
      await federation.close({ grace: 1000 });
    },
  };
}
