/**
 * Folding on two threads beside two loops that know nothing of each other: what an engine costs of what the machine gives.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { fileStore } from '@fedkit/core';
import { storeBlobs, type TaskThread, threadTasks } from '@fedkit/core/engine';
import { SERVER_FLAGS } from '../../packages/fedkit/src/serve/relaunch.ts';
import { bundled } from './cluster.ts';
import { writeReports } from './reports.ts';

const run = promisify(execFile);

/** Milliseconds on the wall, all of the same work. */
export interface Speed {
  readonly updates: number;
  readonly parameters: number;
  /** Processor time of one loop. */
  readonly cpu: number;
  readonly oneLoop: number;
  readonly twoLoops: number;
  readonly twoThreads: number;
  /** What two threads gain, as a share of what two loops do. */
  readonly share: number;
}

export async function speed(updates: number, parameters: number, shard: number): Promise<Speed> {
  const folder = join(mkdtempSync(join(tmpdir(), 'fedkit-speed-')), 'blobs');
  mkdirSync(folder);
  const script = bundled('fold-loop.ts');
  try {
    const plans = await writeReports(folder, updates, parameters, shard);
    const half = Math.ceil(plans.length / 2);
    // Threads are of this process, whose heap is what it is: so is that of the loops.
    const { wall: oneLoop, cpu } = await loop({ folder, parameters, plans }, []);
    const both = await Promise.all(
      [plans.slice(0, half), plans.slice(half)].map((some) => loop({ folder, parameters, plans: some }, [])),
    );
    const twoLoops = Math.max(...both.map(({ wall }) => wall));
    const blobs = storeBlobs(fileStore(fs, folder));
    const spawn = (): TaskThread => new Worker(script, { workerData: { folder, parameters, plans: [] } });
    const engine = threadTasks({ spawn, threads: 2, blobs });
    const tasks = plans.map((digest) => ({ kind: 'fold', inputs: [digest] }));
    // Threads that have started and compiled, as the loops have.
    await engine.run({ id: 'warm', tasks: tasks.slice(0, 2) });
    const started = performance.now();
    await engine.run({ id: 'threads', tasks });
    const twoThreads = performance.now() - started;
    await engine.close();
    return { updates, parameters, cpu, oneLoop, twoLoops, twoThreads, share: twoLoops / twoThreads };
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
}

/** A process that folds by itself, with a worker's flags: milliseconds on the wall, and of a processor. */
export async function loop(
  told: { readonly folder: string; readonly parameters: number; readonly plans: readonly string[] },
  flags = SERVER_FLAGS,
): Promise<{ readonly wall: number; readonly cpu: number }> {
  const env = { ...process.env, LOOP: JSON.stringify(told) };
  return JSON.parse((await run(process.execPath, [...flags, bundled('fold-loop.ts')], { env })).stdout) as never;
}
