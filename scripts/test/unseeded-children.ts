/**
 * What a test file starts draws too: a process of Node and a thread from the seed of `seeded-process.mjs`, or the file states
 * "Odds of its processes: ...", as one that opens a browser must. A file that does neither fails.
 *
 * @module
 */
import type * as ChildProcesses from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import type * as Threads from 'node:worker_threads';
import { afterAll, expect } from 'vitest';

const require = createRequire(import.meta.url);
const processes = require('node:child_process') as typeof ChildProcesses;
const threads = require('node:worker_threads') as typeof Threads;

const stated = /\bOdds(: | of its )/.test(readFileSync(expect.getState().testPath as string, 'utf8'));
const SEED = 'seeded-process.mjs';
const OURS = /^(node|chrom)/;
/** What this file has started so. */
export const unseeded = new Set<string>();

function note(program: string, words: readonly unknown[], options: string | undefined): void {
  const name = basename(program);
  const seeded = words.some((word) => String(word).includes(SEED)) || options?.includes(SEED);
  if (OURS.test(name) && !seeded) unseeded.add([name, ...words].join(' '));
}

if (!stated) {
  // All of spawn, fork, exec and execFile come here.
  const { prototype } = processes.ChildProcess as unknown as { prototype: { spawn: Spawn } };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const { file, args = [], envPairs = [] } = options;
    note(
      file,
      args.slice(1),
      envPairs.findLast((pair) => pair.startsWith('NODE_OPTIONS=')),
    );
    return spawn.call(this, options);
  };
  for (const name of ['spawnSync', 'execFileSync'] as const) {
    const start = processes[name] as (file: string, ...rest: unknown[]) => unknown;
    const noting = (file: string, ...rest: unknown[]) => {
      const words = rest.find(Array.isArray) ?? [];
      const { env = process.env } = (rest.find((each) => !Array.isArray(each)) ?? {}) as { env?: NodeJS.ProcessEnv };
      note(file, words, env.NODE_OPTIONS);
      return start(file, ...rest);
    };
    Object.defineProperty(processes, name, { value: noting });
  }
  const Thread = threads.Worker;
  class NotingThread extends Thread {
    constructor(script: string | URL, options: Threads.WorkerOptions = {}) {
      const { env } = options;
      const own = env && typeof env === 'object' ? env : process.env;
      // Compilers have threads too.
      const foreign = String(script).includes('/node_modules/');
      const words = ['a thread of', String(script).slice(0, 100), ...(options.execArgv ?? [])];
      if (!foreign) note('node', words, own.NODE_OPTIONS);
      super(script, options);
    }
  }
  Object.defineProperty(threads, 'Worker', { value: NotingThread });
  syncBuiltinESMExports();
}

type Spawn = (this: unknown, options: Start) => unknown;

/** What a process is started with, inside Node. */
interface Start {
  readonly file: string;
  readonly args?: readonly string[];
  readonly envPairs?: readonly string[];
}

afterAll(() => {
  expect([...unseeded], 'processes and threads that draw unseeded; see "Chance" in CONTRIBUTING.md').toEqual([]);
});
