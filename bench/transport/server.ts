// One server of the measurement in a process of its own, which tells its processor time and its memory when asked.
// fork('server.ts', [a Kind, parameters, the announcement of its one round in hexadecimal])
import { mkdtempSync, rmSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fedAvg,
  federatedServer,
  fileStore,
  memoryStore,
  plainUpdates,
  type RequestHandler,
  secureRng,
  type Store,
  weightedMean,
} from '@fedkit/core';
import { decodeRequest, encodeResponse } from '@fedkit/core/protocol';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { COHORT, type Kind, type Usage } from './protocol.ts';

const [kind, parameters, announced] = [process.argv[2] as Kind, Number(process.argv[3]), process.argv[4]];
const precision = kind === 'float32' ? 'float32' : 'reproducible';
const algorithm = fedAvg({ aggregate: (size) => weightedMean(size, { precision }) });
const pipeline = plainUpdates({ algorithm, size: parameters });

/** The limit: the bytes into one buffer, by node:http alone. */
function copy(): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const bytes = Buffer.allocUnsafe(Number(incoming.headers['content-length']));
    let at = 0;
    incoming.on('data', (chunk: Buffer) => {
      chunk.copy(bytes, at);
      at += chunk.length;
    });
    incoming.on('end', () => outgoing.end(String(at)));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

async function listen(handler: RequestHandler): Promise<number> {
  const authenticate = (request: Request) => request.headers.get('authorization')?.slice('Bearer '.length);
  const server = await serve(fetchHandler(handler, { authenticate, onError: console.error }));
  return server.port;
}

/** The same bytes authenticated, and handed to nobody. */
function take(): Promise<number> {
  return listen({ handle: async () => encodeResponse({ kind: 'accepted', ticket: 1 }) });
}

/** The same bytes authenticated, decoded and folded into the sum of a round. */
function fold(): Promise<number> {
  const collector = pipeline.server().open({ round: 1, parameters: Uint8Array.from(Buffer.from(announced, 'hex')) });
  return listen({
    async handle(client, request) {
      const report = decodeRequest(request);
      if (report.kind !== 'report') throw new Error('no report');
      collector.accept(client, report.bytes);
      return encodeResponse({ kind: 'accepted', ticket: report.ticket });
    },
  });
}

/** A whole server: rounds, deadlines, ledger, every report in the store before it is acknowledged. */
async function whole(store: Store): Promise<number> {
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(parameters),
    store,
    cohort: COHORT,
    retryAfter: 1,
    clock: () => performance.now(),
    rng: secureRng(),
    onEvent: (event) => {
      if (event.kind === 'failed') console.error(event.error);
    },
  });
  const tick = () => void server.tick().finally(() => setTimeout(tick, 100));
  tick();
  return listen(server);
}

/** The same on files, removed at the end. */
function files(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-bench-transport-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return whole(fileStore(fs, directory));
}

const port = await { copy, take, float32: fold, fold, server: () => whole(memoryStore()), files }[kind]();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ milliseconds: (user + system) / 1000, rss: process.memoryUsage.rss() } satisfies Usage);
});
process.on('disconnect', () => process.exit());
process.send?.({ port });
