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
import { type BlobStore, type EngineJob, storeBlobs } from '@fedkit/core/engine';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import type { Step } from '../shared/resume.ts';
import { middle } from './contention.ts';
import { type DatabaseLoad, loadOf } from '../../packages/bullmq/test/database-load.ts';
import type { ClusterConfig } from './federation.ts';
import { measurePieces } from './pieces.ts';
import { Workers } from './points.ts';
import { type Costs, foldingTime, makespan } from './queueing.ts';
import { writeReports } from './reports.ts';

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
const ROUNDS = 3;
const HOLD = 0.5;
const HELD_TASKS = 12;

interface Place {
  readonly server: Server;
  readonly kind: ClusterConfig['database'];
  readonly scratch: string;
}

/** A queue and a folder of blobs of their own, for workers of that many parameters. */
async function within<T>(
  { server, kind, scratch }: Place,
  { parameters, hold = 0, pollInterval = 5 }: { parameters: number; hold?: number; pollInterval?: number },
  work: (open: {
    readonly tasks: Awaited<ReturnType<typeof queueTasks>>;
    readonly blobs: BlobStore;
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
  const tasks = await queueTasks({ database: server.database(), name: config.name, blobs, pollInterval });
  try {
    return await work({ tasks, blobs, folder, config });
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
  return within(place, { parameters }, async ({ tasks, blobs, folder, config }) => {
    const plans = await writeReports(folder, reports, parameters, SHARD);
    const given = new Set<string>();
    for await (const digest of blobs.digests()) given.add(digest);
    const reportBytes = bytesIn(folder);
    const worker = new Workers(config, 1);
    let [cpu, accumulatorBytes] = [Infinity, 0];
    // The first has a worker that starts and compiles; the least of the others counts.
    for (let i = 0; i <= ROUNDS; i++) {
      const before = worker.cpu();
      await tasks.run(jobOf(`round-${i}`, plans));
      if (i > 0) cpu = Math.min(cpu, worker.cpu() - before);
      accumulatorBytes = bytesIn(folder) - reportBytes;
      await tasks.forget(`round-${i}`);
      for await (const digest of blobs.digests()) if (!given.has(digest)) await blobs.delete(digest);
    }
    const memory = worker.memory() - idle;
    await worker.stop();
    const folding = { reports, parameters, shard: SHARD, workers: 1, cores: 1 };
    const predictedCpu = foldingTime({ ...costs, round: 0 }, folding).total;
    return { reports, parameters, tasks: plans.length + 1, reportBytes, accumulatorBytes, cpu, predictedCpu, memory };
  });
}

/** What a task of nothing costs: seconds of the worker's processor, and of the database what {@link loadOf} counts. */
export interface Task extends DatabaseLoad {
  readonly overhead: number;
}

/** What a worker holds that folds a model of one parameter, and what its tasks cost. */
function idleWorker(place: Place): Promise<{ readonly memory: number; readonly task: Task }> {
  // Looking seldom: how often somebody looks is no part of a task.
  return within(place, { parameters: 1, pollInterval: 2000 }, async ({ tasks, folder, config }) => {
    const plans = await writeReports(folder, 512, 1, 1);
    const worker = new Workers(config, 1);
    await tasks.run(jobOf('warm', plans.slice(0, 32)));
    const [before, loadBefore] = [worker.cpu(), await loadOf(place.server.url)];
    await tasks.run(jobOf('many', plans));
    const count = plans.length + 1;
    const load = await loadOf(place.server.url);
    const overhead = (worker.cpu() - before) / count;
    const each = (name: keyof DatabaseLoad): number => (load[name] - loadBefore[name]) / count;
    const memory = worker.memory();
    await worker.stop();
    return { memory, task: { overhead, commands: each('commands'), bytes: each('bytes') } };
  });
}

/** Rounds of tasks that wait half a second each, by as many workers. */
function heldBy(place: Place, overhead: number, workers: number): Promise<Held> {
  return within(place, { parameters: 1, hold: 1000 * HOLD }, async ({ tasks, folder, config }) => {
    const plans = await writeReports(folder, HELD_TASKS, 1, 1);
    const crew = new Workers(config, workers);
    await tasks.run(jobOf('warm', plans.slice(0, 2 * workers)));
    const seconds: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const started = performance.now();
      await tasks.run(jobOf(`round-${i}`, plans));
      seconds.push((performance.now() - started) / 1000);
      await tasks.forget(`round-${i}`);
    }
    await crew.stop();
    // Who waits takes no core, however many there are; the merge is one more task.
    const crewOf = { workers, cores: Infinity, overhead };
    const predicted = makespan({ tasks: HELD_TASKS, work: HOLD }, crewOf) + makespan({ tasks: 1, work: HOLD }, crewOf);
    return { workers, tasks: HELD_TASKS, hold: HOLD, measured: middle(seconds, (one) => one), predicted };
  });
}

/** One worker beside 2, 3, 4 and 6, which take as long one after the other: all of them wait. */
async function heldRounds(place: Place, overhead: number): Promise<Held[]> {
  const several = async (): Promise<Held[]> => {
    const found: Held[] = [];
    for (const workers of [2, 3, 4, 6]) found.push(await heldBy(place, overhead, workers));
    return found;
  };
  const [one, others] = await Promise.all([heldBy(place, overhead, 1), several()]);
  return [one, ...others];
}

/** All of it: rounds of more reports, of more parameters, by more workers. */
export async function growth(
  server: Server,
  kind: ClusterConfig['database'],
  step: Step,
): Promise<{
  readonly costs: Omit<Costs, 'round'>;
  readonly task: Task;
  readonly grown: readonly Grown[];
  readonly held: readonly Held[];
}> {
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-growth-'));
  const place = { server, kind, scratch };
  try {
    const folder = join(scratch, 'pieces');
    mkdirSync(folder);
    const pieces = await measurePieces(folder, step);
    rmSync(folder, { recursive: true, force: true });
    const idle = await step('an idle worker', () => idleWorker(place));
    const costs = { pieces, overhead: idle.task.overhead };
    const grown: Grown[] = [];
    for (const [reports, parameters] of [
      [32, 1e5],
      [256, 1e5],
      [1024, 1e5],
      [32, 3e5],
      [32, 1e6],
      [32, 4e6],
    ]) {
      const round = () => grownBy(place, costs, idle.memory, reports, parameters);
      grown.push(await step(`${reports} of ${parameters}`, round));
      console.log(JSON.stringify(grown.at(-1)));
    }
    const held = await step('waiting tasks', () => heldRounds(place, costs.overhead));
    return { costs, task: idle.task, grown, held };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
