/**
 * How a round grows, in what a busy machine does not change: bytes, memory, processor time; and how long rounds take whose tasks wait
 * instead of working, so that only the queue and its workers are in the figure.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueTasks } from '@fedkit/bullmq';
import { fileStore } from '@fedkit/core';
import { type EngineJob, storeBlobs } from '@fedkit/core/engine';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import { middle } from './contention.ts';
import type { ClusterConfig } from './federation.ts';
import { costsOf, Workers } from './points.ts';
import { type Costs, foldingTime, makespan } from './queueing.ts';
import { writeReports } from './speed.ts';

/** A round by one worker. */
export interface Grown {
  readonly reports: number;
  readonly parameters: number;
  readonly tasks: number;
  /** Bytes among the blobs: reports as they came, with the plans that name them; accumulators, the last among them. */
  readonly reportBytes: number;
  readonly accumulatorBytes: number;
  /** Seconds of the worker's processor, and what the single pieces make of it. */
  readonly cpu: number;
  readonly predictedCpu: number;
  /** Bytes that the worker held at most, beyond what one of no model holds. */
  readonly memory: number;
}

/** A round of tasks that wait. */
export interface Held {
  readonly workers: number;
  readonly tasks: number;
  readonly hold: number;
  readonly measured: number;
  readonly predicted: number;
}

const SHARD = 16;
const HOLD = 0.5;
const HELD_TASKS = 24;

interface Place {
  readonly server: Server;
  readonly kind: ClusterConfig['database'];
  readonly scratch: string;
}

/** A queue and a folder of blobs of their own, for workers of that many parameters. */
async function within<T>(
  { server, kind, scratch }: Place,
  { parameters, hold = 0 }: { readonly parameters: number; readonly hold?: number },
  work: (open: {
    readonly tasks: Awaited<ReturnType<typeof queueTasks>>;
    readonly folder: string;
    readonly config: ClusterConfig;
  }) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(scratch, 'blobs-'));
  const blobs = storeBlobs(fileStore(fs, folder));
  const config: ClusterConfig = {
    work: 'mean',
    database: kind,
    url: server.url,
    folder,
    name: `growth-${folder.slice(-6)}`,
    parameters,
    clients: 1,
    shard: SHARD,
    hold,
    port: 0,
    ports: [],
    key: '0'.repeat(64),
  };
  const tasks = await queueTasks({ database: server.database(), name: config.name, blobs, pollInterval: 5 });
  try {
    return await work({ tasks, folder, config });
  } finally {
    await tasks.clear();
    await tasks.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

const jobOf = (id: string, plans: readonly string[]): EngineJob => ({
  id,
  tasks: plans.map((digest) => ({ kind: 'fold', inputs: [digest] })),
  last: { kind: 'merge', inputs: [plans[0]] },
});

function grownBy(
  place: Place,
  costs: Omit<Costs, 'round'>,
  idle: number,
  reports: number,
  parameters: number,
): Promise<Grown> {
  return within(place, { parameters }, async ({ tasks, folder, config }) => {
    const plans = await writeReports(folder, reports, parameters, SHARD);
    const worker = new Workers(config, 1);
    await tasks.run({ id: 'warm', tasks: [{ kind: 'fold', inputs: [plans[0]] }] });
    await tasks.forget('warm');
    const reportBytes = bytesIn(folder);
    const before = worker.cpu();
    await tasks.run(jobOf('round', plans));
    const cpu = worker.cpu() - before;
    const memory = worker.memory() - idle;
    const accumulatorBytes = bytesIn(folder) - reportBytes;
    await worker.stop();
    const folding = { reports, parameters, shard: SHARD, workers: 1, cores: 1 };
    const predictedCpu = foldingTime({ ...costs, round: 0 }, folding).total;
    return { reports, parameters, tasks: plans.length + 1, reportBytes, accumulatorBytes, cpu, predictedCpu, memory };
  });
}

/** What a worker holds that folds a model of one parameter, and seconds of its processor a task of nothing. */
function idleWorker(place: Place): Promise<{ readonly memory: number; readonly overhead: number }> {
  return within(place, { parameters: 1 }, async ({ tasks, folder, config }) => {
    const plans = await writeReports(folder, 256, 1, 1);
    const worker = new Workers(config, 1);
    await tasks.run(jobOf('warm', plans.slice(0, 32)));
    const before = worker.cpu();
    await tasks.run(jobOf('many', plans));
    const overhead = (worker.cpu() - before) / (plans.length + 1);
    const memory = worker.memory();
    await worker.stop();
    return { memory, overhead };
  });
}

/** Rounds of tasks that wait half a second each, by more and more workers. */
async function heldRounds(place: Place): Promise<Held[]> {
  const found: Held[] = [];
  for (const workers of [1, 2, 3, 4, 6]) {
    found.push(
      await within(place, { parameters: 1, hold: 1000 * HOLD }, async ({ tasks, folder, config }) => {
        const plans = await writeReports(folder, HELD_TASKS, 1, 1);
        const crew = new Workers(config, workers);
        await tasks.run(jobOf('warm', plans.slice(0, 2 * workers)));
        const rounds: number[] = [];
        for (let i = 0; i < 3; i++) {
          const started = performance.now();
          await tasks.run(jobOf(`round-${i}`, plans));
          rounds.push((performance.now() - started) / 1000);
          await tasks.forget(`round-${i}`);
        }
        await crew.stop();
        // Who waits takes no core, however many there are; the merge is one more task.
        const crewOf = { workers, cores: Infinity, overhead: 0 };
        const predicted =
          makespan({ tasks: HELD_TASKS, work: HOLD }, crewOf) + makespan({ tasks: 1, work: HOLD }, crewOf);
        return { workers, tasks: HELD_TASKS, hold: HOLD, measured: middle(rounds, (one) => one), predicted };
      }),
    );
  }
  return found;
}

/** All of it: rounds of more reports, of more parameters, by more workers. */
export async function growth(
  server: Server,
  kind: ClusterConfig['database'],
): Promise<{ readonly costs: Omit<Costs, 'round'>; readonly grown: readonly Grown[]; readonly held: readonly Held[] }> {
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-growth-'));
  const place = { server, kind, scratch };
  try {
    const folder = join(scratch, 'pieces');
    mkdirSync(folder);
    const pieces = await costsOf(folder, (parameters) => writeReports(folder, 3 * SHARD, parameters, SHARD));
    rmSync(folder, { recursive: true, force: true });
    const idle = await idleWorker(place);
    const costs = { ...pieces, overhead: idle.overhead };
    const grown: Grown[] = [];
    for (const [reports, parameters] of [
      [16, 1e6],
      [64, 1e6],
      [256, 1e6],
      [64, 1e5],
      [64, 3e5],
      [64, 3e6],
    ])
      grown.push(await grownBy(place, costs, idle.memory, reports, parameters));
    return { costs, grown, held: await heldRounds(place) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
