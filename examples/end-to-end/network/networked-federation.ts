/**
 * A server and clients in threads of their own over a real network, in real time, with everything going wrong that a plan
 * says.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type ClientId,
  type Clock,
  FedkitError,
  federatedServer,
  type FederatedServer,
  memoryStore,
  type PlainData,
  type RequestHandler,
  type RoundOptions,
  type RoundRecord,
  seededRng,
} from '@fedkit/core';
import { OpenedSums } from '../opened-sums.ts';
import type { Plan } from '../plan.ts';
import { Dead, mortalStore, sleep, untilDone } from '../process.ts';
import { differences, Witness } from '../witness.ts';
import type { HostMessage, HostTask } from './device-host.ts';
import { SIZE, settingOf } from './setting.ts';

/** A transport's server, which hands requests to a handler until it is closed. */
export type Listen = (
  handler: RequestHandler,
) => Promise<{ readonly url: string; readonly prefix?: string; close(): Promise<void> }>;

/** A run to make. */
export interface NetworkedFederation {
  /** Deaths and outages of its clients are those of hosts. */
  readonly plan: Plan;
  readonly rounds: RoundOptions;
  readonly clientsPerHost: number;
  readonly listen: Listen;
  /** The bundle of device-host.ts. */
  readonly script: URL;
  /** After so many milliseconds without an end the run has stalled. */
  readonly patience: number;
}

/** How it ended. */
export interface NetworkedOutcome {
  readonly differences: readonly string[];
  readonly records: readonly RoundRecord[];
  /** Threads that were terminated, and servers that died. */
  readonly killed: number;
}

/** Runs it to its end: every round published, every client told what became of its work. */
export async function runOverNetwork(run: NetworkedFederation): Promise<NetworkedOutcome> {
  const { plan, clientsPerHost } = run;
  const hosts = plan.clients.length;
  const total = hosts * clientsPerHost;
  const setting = settingOf(plan.seed, total);
  const initial = Float32Array.from({ length: SIZE }, (_, i) => (i % 40) / 8);
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-network-'));
  let start = Infinity;
  const clock: Clock = {
    now: () => Date.now() - start,
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
  };
  const witness = new Witness();
  const opened = new OpenedSums();
  const disk = memoryStore();
  const root = seededRng(plan.seed);
  const kept = new Map<ClientId, PlainData | undefined>();
  let server: FederatedServer<PlainData> | undefined;
  let serverLife: AbortSignal | undefined;
  let over = false;
  let killed = 0;

  const transport = await run.listen(
    witness.listen({
      async handle(client, request) {
        const life = serverLife;
        if (!server || !life || life.aborted) throw new Error('no server');
        const response = await server.handle(client, request);
        if (life.aborted) throw new Error('the server died');
        return response;
      },
    }),
  );

  let boots = 0;
  const serve = async (life: AbortSignal) => {
    serverLife = undefined;
    const rng = root.fork('server', boots++);
    if (boots > 1) killed++;
    server = await federatedServer({
      ...run.rounds,
      federationSize: total,
      pipeline: setting.pipeline((aggregation) =>
        opened.watch(aggregation, { ...clock, hold: () => () => {} } as never),
      ),
      initial,
      store: mortalStore(disk, clock, rng.fork('disk'), life),
      clock: () => clock.now(),
      rng,
    });
    serverLife = life;
    while (!over) {
      await sleep(clock, 20);
      if (life.aborted) throw new Dead();
      await server.tick().catch((error: unknown) => {
        if (!(error instanceof FedkitError) || error.code !== 'UNAVAILABLE' || life.aborted) throw error;
      });
    }
  };

  const workers = new Set<Worker>();
  const lives = new Map<number, number>();
  /** Starts a thread, and resolves once it listens. */
  const spawn = async (number: number): Promise<Worker> => {
    const clients = Array.from({ length: clientsPerHost }, (_, i) => number * clientsPerHost + i);
    const { url, prefix = '' } = transport;
    const life = lives.get(number) ?? 0;
    lives.set(number, life + 1);
    const workerData: HostTask = { plan, host: number, clients, total, url, prefix, directory, lives: life };
    // Where a test seeds what threads draw, each life of a host draws something else.
    const env = { ...process.env, FEDKIT_STREAM: `${plan.seed} ${number} ${life}` };
    const worker = new Worker(run.script, { workerData, execArgv: [], env });
    workers.add(worker);
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    worker.on('message', (message: HostMessage) => {
      if (message.kind === 'trained') witness.trained.set(message.key, message.trained);
      else if (message.kind === 'kept') kept.set(message.client, message.state);
    });
    return worker;
  };
  const host = (number: number, first: Worker) => {
    let next: Worker | undefined = first;
    return untilDone(clock, plan.clients[number].deaths, async (life) => {
      const worker = next ?? (await spawn(number));
      next = undefined;
      const ended = new Promise<void>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', () => (life.aborted ? reject(new Dead()) : resolve()));
      });
      const kill = () => {
        killed++;
        void worker.terminate();
      };
      if (life.aborted) kill();
      else life.addEventListener('abort', kill);
      worker.postMessage(start);
      await ended;
      workers.delete(worker);
    });
  };

  try {
    const first = await Promise.all(plan.clients.map((_, number) => spawn(number)));
    start = Date.now();
    const serving = untilDone(clock, plan.server, serve);
    await Promise.race([
      serving,
      Promise.all(plan.clients.map((_, number) => host(number, first[number]))),
      sleep(clock, run.patience).then(() => {
        if (!over) throw new Error(`stalled: ${JSON.stringify(server?.progress)}`);
      }),
    ]);
    over = true;
    await serving;
    const { state } = server as unknown as FederatedServer<PlainData>;
    const records = await (server as unknown as FederatedServer<PlainData>).records();
    const found = differences(witness, {
      algorithm: setting.algorithm,
      size: SIZE,
      federationSize: total,
      initial,
      state,
      records,
      kept,
      ...(setting.secure && { sums: opened.sums }),
    });
    if (kept.size !== total) found.push(`${kept.size} of ${total} clients came to an end`);
    return { differences: found, records, killed };
  } finally {
    over = true;
    for (const worker of workers) await worker.terminate();
    await transport.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
