// One version of the server with its own clients, for main.ts. It stands in another checkout's bench/server too, so it uses
// what both have. fork('version.ts', ['drive', setting as JSON]) answers each 'turn', a round of the server, with what that cost.
import { fork } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { topK } from '@fedkit/compression';
import { fedAvg, federatedServer, fileStore, plainUpdates, secureRng, seededRng } from '@fedkit/core';
import type { Request, RoundTask } from '@fedkit/core/protocol';
import type * as protocol from '@fedkit/core/protocol';
import { fetchExchange, fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import type { Setting, Usage } from './setting.ts';

// Versions before these had an entry of their own had them in the main one.
const { decodeResponse, encodeRequest } = await import('@fedkit/core/protocol').catch(
  () => import('@fedkit/core') as unknown as Promise<typeof protocol>,
);

const [role, setting] = [process.argv[2], JSON.parse(process.argv[3]) as Setting];
const { parameters: size, cohort, topK: share } = setting;
const codec = share === undefined ? {} : { codec: topK({ density: share }) };
const pipeline = plainUpdates({ algorithm: fedAvg(), size, ...codec });
process.on('disconnect', () => process.exit());

async function server(): Promise<void> {
  const directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-version-'));
  const federation = await federatedServer({
    pipeline,
    initial: new Float32Array(size),
    store: fileStore(fs, directory),
    cohort,
    retryAfter: 1,
    clock: () => performance.now(),
    rng: secureRng(),
  });
  const authenticate = (request: globalThis.Request) => request.headers.get('x-client') ?? undefined;
  const requestBytes = federation.maximumRequestLength;
  const limits = { requestBytes, clientBytes: 4 * requestBytes, totalBytes: 16 * requestBytes + 2 ** 26 };
  const { port } = await serve(fetchHandler(federation, { authenticate, limits }));
  const tick = () => void federation.tick().finally(() => setTimeout(tick, 100));
  tick();
  let stretch = 0;
  if (setting.stretches) {
    let [wall, processor] = [performance.now(), process.cpuUsage()];
    const look = (): void => {
      const { user, system } = process.cpuUsage(processor);
      stretch = Math.max(stretch, Math.min(performance.now() - wall, (user + system) / 1000));
      [wall, processor] = [performance.now(), process.cpuUsage()];
      setImmediate(look);
    };
    look();
  }
  process.on('message', (what) => {
    if (what === 'end') {
      void fs.rm(directory, { recursive: true, force: true, maxRetries: 5 }).then(() => process.exit());
      return;
    }
    // The end of a round follows its last report: it belongs to the turn before, not to whichever version's turn comes next.
    void federation.tick().then(() => {
      const { user, system } = process.cpuUsage();
      const usage: Usage = {
        milliseconds: (user + system) / 1000,
        rss: process.memoryUsage.rss(),
        peak: 1024 * process.resourceUsage().maxRSS,
        stretch,
      };
      stretch = 0;
      process.send?.(usage);
    });
  });
  process.send?.({ port });
}

async function drive(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const execArgv = [...process.execArgv, ...(setting.flags ?? [])];
  const child = fork(file, ['server', process.argv[3]], { execArgv });
  const next = <T>() => new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)));
  const { port } = await next<{ port: number }>();
  const exchanges = new Map<string, ReturnType<typeof fetchExchange>>();
  const ask = async (client: string, request: Request) => {
    const url = `http://127.0.0.1:${port}/fedkit`;
    const exchange = exchanges.get(client) ?? fetchExchange({ url, headers: { 'x-client': client } });
    exchanges.set(client, exchange);
    return decodeResponse(await exchange(encodeRequest(request)));
  };
  const usage = () => {
    const answer = next<Usage>();
    child.send('usage');
    return answer;
  };
  const rng = seededRng('bench server');
  const values = { update: Float32Array.from({ length: size }, () => rng.uniform() - 0.5) };
  const half = pipeline.client();
  let clients = 0;
  /** Clients join, fetch the model in its parts, and report. */
  async function turn(): Promise<void> {
    const names = Array.from({ length: cohort }, () => `client ${clients++}`);
    exchanges.clear();
    const tasks = new Map<string, RoundTask>();
    while (tasks.size < cohort) {
      for (const name of names) {
        const answer = await ask(name, { kind: 'join' });
        if (answer.kind === 'task') tasks.set(name, answer.task);
      }
    }
    const download = async ([client, task]: [string, RoundTask]) => {
      for (let offset = 0; offset < task.modelLength; ) {
        const part = await ask(client, { kind: 'model', digest: task.modelDigest, offset });
        if (part.kind !== 'part') throw new Error(`answered ${part.kind}`);
        offset += part.bytes.length;
      }
    };
    if (half.sends !== 'report') throw new Error('a pipeline of reports');
    const [first] = tasks.values();
    const { bytes } = half.encode(first, { values, weight: 3 }, { rng: secureRng(), client: 'bench' });
    const report = async ([client, { ticket }]: [string, RoundTask]) => {
      const answer = await ask(client, { kind: 'report', ticket, bytes });
      if (answer.kind !== 'accepted') throw new Error(`answered ${answer.kind}`);
    };
    for (const work of [download, report]) {
      const left = [...tasks];
      const worker = async () => {
        for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one);
      };
      await Promise.all(Array.from({ length: 4 }, worker));
    }
  }
  process.on('message', (what) => {
    if (what === 'end') {
      child.once('exit', () => process.exit());
      child.send('end');
      return;
    }
    void (async () => {
      const before = await usage();
      await turn();
      const { milliseconds, ...rest } = await usage();
      process.send?.({ ...rest, milliseconds: (milliseconds - before.milliseconds) / cohort } satisfies Usage);
    })();
  });
  process.send?.('ready');
}

await (role === 'server' ? server() : drive());
