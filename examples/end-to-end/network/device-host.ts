/**
 * A thread with some clients of a run, which is terminated whenever the plan says so. Their disks outlive it.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type Clock,
  type Exchange,
  federatedClient,
  fileStore,
  type PlainData,
  secureRng,
  seededRng,
} from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { faultyExchange } from '@fedkit/core/transport/memory';
import { mqttExchange } from '@fedkit/core/transport/mqtt';
import { isOut, type Plan } from '../plan.ts';
import { sleep } from '../process.ts';
import { type Trained, Witness } from '../witness.ts';
import { settingOf, trainerOf } from './setting.ts';

/** What a host is told. */
export interface HostTask {
  readonly plan: Plan;
  /** Its number: whose outages of the plan are its own. */
  readonly host: number;
  /** The numbers of its clients, and of all there are. */
  readonly clients: readonly number[];
  readonly total: number;
  /** Where the server is: `http://…` or `mqtt://…`. */
  readonly url: string;
  /** Before all topics of the run. */
  readonly prefix: string;
  readonly directory: string;
  /** How often this host has lived before. */
  readonly lives: number;
}

/** What a host tells: that it waits to be told when the run began, what its clients trained, what one keeps at the end. */
export type HostMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trained'; readonly key: string; readonly trained: Trained }
  | { readonly kind: 'kept'; readonly client: string; readonly state: PlainData | undefined };

const task = workerData as HostTask;
const { plan, host, url } = task;
const tell = (message: HostMessage) => parentPort?.postMessage(message);
/** When the run began, by the system's clock. */
const start = await new Promise<number>((resolve) => {
  parentPort?.once('message', resolve);
  tell({ kind: 'ready' });
});
const clock: Clock = {
  now: () => Date.now() - start,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
const root = seededRng(plan.seed).fork('host', host, task.lives);
const connected = () => !isOut(plan.clients[host].offline, clock.now());

async function openExchange(id: string): Promise<Exchange> {
  const patience = { attempts: 2, firstDelay: 10, longestDelay: 100, timeout: 1000, chunkSize: 16_384 };
  if (url.startsWith('http')) return fetchExchange({ url, headers: { authorization: `Bearer of ${id}` }, ...patience });
  // Loaded only where it is needed: it takes as long as everything else.
  const { connectAsync } = await import('mqtt');
  const client = await connectAsync(url, { reconnectPeriod: 20 });
  return mqttExchange({ client, prefix: task.prefix, id, packetBytes: 20_000, modelTimeout: 200, ...patience });
}

async function participate(number: number): Promise<void> {
  const id = `client ${number}`;
  const rng = root.fork(number);
  const direct = await openExchange(id);
  const faulty = faultyExchange(direct, { ...plan.faults, rng: rng.fork('network'), clock, connected });
  const witness = new Witness((key, trained) => tell({ kind: 'trained', key, trained }));
  const teacher = trainerOf(number);
  const client = federatedClient({
    id,
    pipeline: witness.watch(id, settingOf(plan.seed, task.total).pipeline()),
    trainer: {
      ...teacher,
      async train(from, objective, options) {
        await sleep(clock, 100 * rng.uniform());
        return teacher.train(from, objective, options);
      },
    },
    local: ({ ticket }) => ({ steps: 2, batchSize: 'all', learningRate: 0.125, rng: seededRng(ticket) }),
    exchange: (request, how) => (clock.now() < plan.until ? faulty : direct)(request, how),
    store: fileStore(fs, `${task.directory}/${number}`),
    singleInstance: true,
    clock,
    rng: secureRng(),
  });
  await client.run();
  tell({ kind: 'kept', client: id, state: await client.state() });
}

await Promise.all(task.clients.map(participate));
process.exit();
