/**
 * Unmasking on two threads beside two loops that know nothing of each other.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { nodeWorkerExecutor } from '@fedkit/secagg/node-workers';
import { VectorSum } from '../../packages/secagg/src/sum/vector-sum.ts';
import { bundled } from './cluster.ts';
import { middle } from './contention.ts';
import type { UnmaskLoop } from './unmask-loop.ts';
import { type Ring, tasksOf } from './unmasking-tasks.ts';

const run = promisify(execFile);
const TURNS = 3;

/** One turn: milliseconds on the wall, all of the same masks. */
export interface Turn {
  /** Processor time of both loops. */
  readonly cpu: number;
  readonly twoLoops: number;
  readonly twoThreads: number;
  /** What two threads gain, as a share of what two loops do. */
  readonly share: number;
}

export interface Unmasking extends Ring {
  readonly masks: number;
  readonly turns: readonly Turn[];
  /** The middle one. */
  readonly share: number;
}

/** Of a ring of 1,000 of degree 362 that loses 30 %: as many survivors to each of the dropped, of whom there are fewer. */
export async function unmasking(dropped: number, entries: number): Promise<Unmasking> {
  const ring: Ring = { dropped, survivors: Math.round(0.7 * 362), entries };
  const script = bundled('unmask-loop.ts');
  const loop = async (from: number, to: number): Promise<{ readonly wall: number; readonly cpu: number }> => {
    const env = { ...process.env, LOOP: JSON.stringify({ ...ring, from, to } satisfies UnmaskLoop) };
    return JSON.parse((await run(process.execPath, [script], { env })).stdout) as never;
  };
  const tasks = tasksOf(ring);
  const executor = nodeWorkerExecutor({ workers: 2, entry: pathToFileURL(script), execArgv: [] });
  const sum = new VectorSum(tasks[0].layout.vectors);
  const all = async (some: typeof tasks): Promise<number> => {
    const started = performance.now();
    await Promise.all(some.map(async (task) => sum.addSaved(await executor.run(task))));
    return performance.now() - started;
  };
  try {
    await all(tasks.slice(0, 2));
    const turns: Turn[] = [];
    const half = Math.ceil(dropped / 2);
    for (let turn = 0; turn < TURNS; turn++) {
      const loops = await Promise.all([loop(0, half), loop(half, dropped)]);
      const twoThreads = await all(tasks);
      const twoLoops = Math.max(...loops.map(({ wall }) => wall));
      turns.push({
        cpu: loops.reduce((total, { cpu }) => total + cpu, 0),
        twoLoops,
        twoThreads,
        share: twoLoops / twoThreads,
      });
    }
    const { share } = middle(turns, (one) => one.share);
    return { ...ring, masks: dropped * ring.survivors, turns, share };
  } finally {
    await executor.close();
  }
}
