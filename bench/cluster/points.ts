/**
 * Points that the model of queueing has to meet: single pieces are measured by themselves, rounds on real workers are predicted from them.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueTasks, type QueueTasks } from '@fedkit/bullmq';
import { fileStore } from '@fedkit/core';
import { type EngineJob, foldTasks, storeBlobs } from '@fedkit/core/engine';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import { bundled } from './cluster.ts';
import { type Load, middle, slowdownOf, within } from './contention.ts';
import { type ClusterConfig, meanOf } from './federation.ts';
import { type Costs, foldingTime } from './queueing.ts';
import { writeReports } from './speed.ts';

/** One round, as it was and as it was foretold. */
export interface Point {
  readonly reports: number;
  readonly parameters: number;
  readonly workers: number;
  /** How many times longer than by themselves as many independent loops of the same folds took, before and after. */
  readonly slowdown: number;
  /** Seconds on the wall; foretold of pieces by themselves, times the slowdown. */
  readonly measured: number;
  readonly predicted: number;
}

const SHARD = 16;
/** Rounds of a point: the middle one counts. */
const ROUNDS = 5;
export const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** Workers of one queue on this machine. */
export class Workers {
  readonly #children: ChildProcess[];

  constructor(config: ClusterConfig, count: number) {
    const env = { ...process.env, CLUSTER: JSON.stringify(config) };
    const script = bundled('process.ts');
    this.#children = Array.from({ length: count }, () =>
      spawn(process.execPath, [script, 'worker'], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    for (const child of this.#children) process.once('exit', () => child.kill('SIGKILL'));
  }

  /** Seconds of a processor so far, by what Linux says of them. */
  cpu(): number {
    return this.#children.reduce((sum, { pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) / 100;
    }, 0);
  }

  /** Bytes that the largest of them held at most, by what Linux says. */
  memory(): number {
    const held = this.#children.map(({ pid }) => {
      const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return 1024 * Number(kilobytes);
    });
    return Math.max(...held);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return gone;
      }),
    );
  }
}

/** What pieces cost here, now: each the least of three. */
export async function costsOf(
  folder: string,
  work: (parameters: number) => Promise<string[]>,
): Promise<Omit<Costs, 'overhead' | 'round'>> {
  const blobs = storeBlobs(fileStore(fs, folder));
  const small = 10_000;
  const large = 1_000_000;
  const timed = async (parameters: number) => {
    const { fold, merge } = foldTasks(meanOf(parameters));
    const plans = await work(parameters);
    const parts: string[] = [];
    let [folding, merging] = [Infinity, Infinity];
    for (const plan of plans) {
      const before = process.cpuUsage();
      parts.push(await blobs.put(await fold([plan], { blobs })));
      folding = Math.min(folding, cpuSeconds(before));
    }
    for (let i = 0; i < 3; i++) {
      const before = process.cpuUsage();
      await blobs.put(await merge([plans[0], ...parts], { blobs }));
      merging = Math.min(merging, cpuSeconds(before));
    }
    return { folding, merging: merging / parts.length };
  };
  await timed(small);
  const [a, b] = [await timed(small), await timed(large)];
  const foldValue = (b.folding - a.folding) / (SHARD * (large - small));
  return {
    foldValue,
    fold: Math.max(0, a.folding - foldValue * SHARD * small),
    mergeValue: (b.merging - a.merging) / (large - small),
  };
}

async function timedRun(tasks: QueueTasks, job: EngineJob): Promise<number> {
  const started = performance.now();
  await tasks.run(job);
  const seconds = (performance.now() - started) / 1000;
  await tasks.forget(job.id);
  return seconds;
}

/** Measures pieces, then rounds of 1, 2 and 4 workers beside independent loops of the same folds. */
export async function points(
  server: Server,
  kind: ClusterConfig['database'],
  rounds: readonly { readonly reports: number; readonly parameters: number }[],
): Promise<{ readonly costs: Costs; readonly points: readonly Point[] }> {
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-points-'));
  const folder = join(scratch, 'blobs');
  mkdirSync(folder);
  const config: ClusterConfig = {
    work: 'mean',
    database: kind,
    url: server.url,
    folder,
    name: 'points',
    parameters: 1,
    clients: 1,
    shard: SHARD,
    hold: 0,
    port: 0,
    ports: [],
    key: '0'.repeat(64),
  };
  const blobs = storeBlobs(fileStore(fs, folder));
  const tasks = await queueTasks({ database: server.database(), name: config.name, blobs, pollInterval: 5 });
  const cores = cpus().length;
  const jobOf = (id: string, plans: readonly string[]): EngineJob => ({
    id,
    tasks: plans.map((digest) => ({ kind: 'fold', inputs: [digest] })),
    last: { kind: 'merge', inputs: [plans[0]] },
  });
  try {
    const pieces = await costsOf(folder, (parameters) => writeReports(folder, 3 * SHARD, parameters, SHARD));
    // The queue's own part: rounds of next to nothing, of many tasks and of one, by one worker.
    const loopOf = (parameters: number, plans: readonly string[]): Load => {
      const { fold, foldValue } = pieces;
      return { folder, parameters, plans, alone: plans.length * (fold + SHARD * parameters * foldValue) };
    };
    const tenth = 100_000;
    const reference = loopOf(tenth, await writeReports(folder, 4 * SHARD, tenth, SHARD));
    const one = new Workers({ ...config, parameters: 1 }, 1);
    const nothing = await writeReports(folder, 128, 1, 1);
    await timedRun(tasks, jobOf('warm', nothing.slice(0, 8)));
    const alone = async (id: string, plans: readonly string[]): Promise<number> => {
      const rounds: number[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const work = () => timedRun(tasks, jobOf(`${id}-${i}`, plans));
        const { result, slowdown } = await within(() => slowdownOf(1, reference, cores), work);
        rounds.push(result / slowdown);
      }
      return middle(rounds, (seconds) => seconds);
    };
    const many = await alone('many', nothing);
    const few = await alone('few', nothing.slice(0, 1));
    await one.stop();
    const overhead = Math.max(0, (many - few) / 127);
    const costs: Costs = { ...pieces, overhead, round: Math.max(0, few - 2 * overhead) };
    const found: Point[] = [];
    for (const { reports, parameters } of rounds) {
      const plans = await writeReports(folder, reports, parameters, SHARD);
      for (const workers of [1, 2, 4]) {
        const crew = new Workers({ ...config, parameters }, workers);
        // Started and compiled.
        const warm = Array.from({ length: 2 * workers }, () => ({ kind: 'fold', inputs: [plans[0]] }));
        await timedRun(tasks, { id: `warm-${workers}`, tasks: warm });
        const foretold = foldingTime(costs, { reports, parameters, shard: SHARD, workers, cores }).total;
        const seen: Point[] = [];
        for (let i = 0; i < ROUNDS; i++) {
          const { result: measured, slowdown } = await within(
            () => slowdownOf(workers, loopOf(parameters, plans.slice(0, 4)), cores),
            () => timedRun(tasks, jobOf(`round-${workers}-${i}`, plans)),
          );
          seen.push({ reports, parameters, workers, slowdown, measured, predicted: foretold * slowdown });
        }
        await crew.stop();
        const point = middle(seen, ({ measured, predicted }) => predicted / measured);
        found.push(point);
        const { measured, predicted, slowdown } = point;
        console.log(
          `${reports} x ${parameters}, ${workers} workers: ${measured.toFixed(2)} s, predicted ${predicted.toFixed(2)} s (slowed ${slowdown.toFixed(2)} times)`,
        );
      }
    }
    return { costs, points: found };
  } finally {
    await tasks.clear();
    await tasks.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}
