// The server: holds the round, and leaves the sums to threads. Kill it at any point, and start it again on the same folder.
import { mkdirSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { federatedServer, fileStore, secureRng } from '@fedkit/core';
import { storeBlobs, threadTasks } from '@fedkit/core/engine';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { model, pipeline } from './federation.ts';
import { clientOf } from './tokens.ts';

export interface ServerOptions {
  /** Where the run is kept, and the reports of its rounds. */
  readonly folder: string;
  /** Signs the tokens. */
  readonly secret: string;
  /** Clients in a round. */
  readonly cohort: number;
  readonly port?: number;
  readonly host?: string;
  readonly threads?: number;
  /** Milliseconds after which clients that wait ask again. */
  readonly retryAfter?: number;
}

export async function startServer(options: ServerOptions) {
  const { folder, secret, cohort, port = 0, host = '127.0.0.1', threads = 2, retryAfter = 500 } = options;
  const [run, blobs] = ['run', 'blobs'].map((name) => join(folder, name));
  for (const path of [run, blobs]) mkdirSync(path, { recursive: true });
  const thread = new URL('./thread.mjs', import.meta.url);
  const spawn = () => new Worker(thread, { workerData: { folder: blobs } }).on('error', console.error);
  const tasks = threadTasks({ spawn, threads, blobs: storeBlobs(fileStore(fs, blobs)) });
  const federation = await federatedServer({
    pipeline,
    initial: new Float32Array(model.layout.size),
    cohort,
    rounds: 5,
    retryAfter,
    deadlines: { recruiting: 60_000, reporting: 60_000 },
    engine: { tasks, shard: 2 }, // reports of a task; some 64, in earnest
    store: fileStore(fs, run),
    clock: Date.now,
    rng: secureRng(),
  });
  const handler = fetchHandler(federation, { authenticate: (request) => clientOf(request, secret) });
  const listening = await serve(handler, { port, host });
  const timer = setInterval(() => void federation.tick().catch(console.error), 500);
  return {
    federation,
    tasks,
    url: `${listening.url}/fedkit`,
    async close() {
      clearInterval(timer);
      await listening.close({ grace: 1000 });
      await federation.close({ grace: 1000 });
      await tasks.close();
    },
  };
}
