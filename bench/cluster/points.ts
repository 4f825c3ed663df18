/**
 * Points that the model of queueing has to meet: single pieces are measured by themselves, rounds on real workers are predicted from them.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueTasks, type QueueTasks } from '@fedkit/bullmq';
import { fileStore } from '@fedkit/core';
import { type EngineJob, storeBlobs } from '@fedkit/core/engine';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import type { Step } from '../shared/resume.ts';
import { SERVER_FLAGS } from '../../packages/fedkit/src/serve/relaunch.ts';
import { bundled } from './cluster.ts';
import { between, type Load, middle, slowdownOf } from './contention.ts';
import type { ClusterConfig } from './federation.ts';
import { measurePieces } from './pieces.ts';
import { type Costs, foldingTime, piecesAt } from './queueing.ts';
import { writeReports } from './reports.ts';

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
const ROUNDS = 3;
/** Workers of one queue on this machine. */
export class Workers {
  readonly #children: ChildProcess[];
  readonly #end = (): void => this.#children.forEach((child) => void child.kill('SIGKILL'));

  constructor(config: ClusterConfig, count: number) {
    const env = { ...process.env, CLUSTER: JSON.stringify(config) };
    const script = bundled('process.ts');
    this.#children = Array.from({ length: count }, () =>
      spawn(process.execPath, [...SERVER_FLAGS, script, 'worker'], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    process.once('exit', this.#end);
  }

  /** Seconds of a processor so far, by what Linux says of them. */
  cpu(): number {
    const threads = this.#children.flatMap(({ pid }) =>
      readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`),
    );
    // In nanoseconds; `stat` counts by hundredths of a second.
    return threads.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e9, 0);
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
    process.off('exit', this.#end);
    const gone = this.#children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    this.#end();
    await Promise.all(gone);
  }
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

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
  step: Step,
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
    const largest = Math.max(...rounds.map(({ parameters }) => parameters));
    const pieces = await measurePieces(folder, step, largest);
    // The queue's own part: rounds of next to nothing, of many tasks and of one, by one worker.
    const loopOf = (parameters: number, plans: readonly string[]): Load => {
      const { fold, report } = piecesAt(pieces, parameters);
      return { folder, parameters, plans, alone: plans.length * (fold + SHARD * report) };
    };
    const queued = async (): Promise<{ readonly many: number; readonly few: number }> => {
      const tenth = 100_000;
      const reference = loopOf(tenth, await writeReports(folder, 4 * SHARD, tenth, SHARD));
      const one = new Workers({ ...config, parameters: 1 }, 1);
      const nothing = await writeReports(folder, 128, 1, 1);
      await timedRun(tasks, jobOf('warm', nothing.slice(0, 8)));
      const alone = async (id: string, plans: readonly string[]): Promise<number> => {
        const works = times(ROUNDS, (i) => () => timedRun(tasks, jobOf(`${id}-${i}`, plans)));
        const rounds = await between(() => slowdownOf(1, reference, cores), works);
        return middle(
          rounds.map(({ result, slowdown }) => result / slowdown),
          (seconds) => seconds,
        );
      };
      const [many, few] = [await alone('many', nothing), await alone('few', nothing.slice(0, 1))];
      await one.stop();
      return { many, few };
    };
    const { many, few } = await step('the queue', queued);
    const overhead = Math.max(0, (many - few) / 127);
    const costs: Costs = { pieces, overhead, round: Math.max(0, few - 2 * overhead) };
    const found: Point[] = [];
    // Written once for a size: a round of fewer reports has the first of those of the largest.
    const written = new Map<number, Promise<string[]>>();
    const plansOf = async (reports: number, parameters: number): Promise<readonly string[]> => {
      const most = Math.max(...rounds.filter((one) => one.parameters === parameters).map((one) => one.reports));
      const plans = written.get(parameters) ?? writeReports(folder, most, parameters, SHARD);
      written.set(parameters, plans);
      return (await plans).slice(0, reports / SHARD);
    };
    for (const { reports, parameters } of rounds) {
      for (const workers of [1, 2, 4]) {
        const measured = async (): Promise<Point> => {
          const plans = await plansOf(reports, parameters);
          const crew = new Workers({ ...config, parameters }, workers);
          // Started and compiled.
          const warm = Array.from({ length: 2 * workers }, () => ({ kind: 'fold', inputs: [plans[0]] }));
          await timedRun(tasks, { id: `warm-${workers}`, tasks: warm });
          const foretold = foldingTime(costs, { reports, parameters, shard: SHARD, workers, cores }).total;
          const works = times(ROUNDS, (i) => () => timedRun(tasks, jobOf(`round-${workers}-${i}`, plans)));
          const looks = await between(() => slowdownOf(workers, loopOf(parameters, plans.slice(0, 4)), cores), works);
          const seen = looks.map(
            ({ result: measured, slowdown }): Point => ({
              reports,
              parameters,
              workers,
              slowdown,
              measured,
              predicted: foretold * slowdown,
            }),
          );
          await crew.stop();
          return middle(seen, (point) => point.predicted / point.measured);
        };
        const point = await step(`${reports} of ${parameters}, ${workers} workers`, measured);
        found.push(point);
        console.log(
          `${reports} x ${parameters}, ${workers} workers: ${point.measured.toFixed(2)} s, predicted ${point.predicted.toFixed(2)} s (slowed ${point.slowdown.toFixed(2)} times)`,
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
