/**
 * Jobs on worker threads: each takes the next as soon as it has finished one.
 *
 * @module
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { onAbort } from '@fedkit/core/extend';
import { bundle } from '../bundle.ts';
import type { ArmResult, Material, Setting } from './arms.ts';

/** What a thread starts with. */
export interface ThreadData {
  readonly setting: Setting;
  readonly material: Material;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly job: string; readonly round: number; readonly bits: number }
  | { readonly job: string; readonly results: readonly ArmResult[] }
  | { readonly job: string; readonly error: string };

/** Runs all jobs on `count` threads; rejects with the first that fails, or when `signal` fires. */
export async function runJobs(
  jobs: readonly string[],
  data: ThreadData,
  count: number,
  signal: AbortSignal,
  onMessage: (message: ThreadMessage) => void,
): Promise<ArmResult[]> {
  const results = new Map<string, readonly ArmResult[]>();
  const waiting = [...jobs];
  const code = bundle(join(import.meta.dirname, 'thread.ts'));
  const workers = Array.from(
    { length: Math.min(count, jobs.length) },
    () => new Worker(code, { workerData: data, execArgv: [] }),
  );
  let deafen = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      deafen = onAbort(signal, () => reject(signal.reason as Error));
      for (const worker of workers) {
        worker.on('error', reject);
        worker.on('message', (message: ThreadMessage) => {
          onMessage(message);
          if ('error' in message) reject(new Error(`${message.job}: ${message.error}`));
          if (!('results' in message)) return;
          results.set(message.job, message.results);
          if (results.size === jobs.length) resolve();
          const next = waiting.shift();
          if (next !== undefined) worker.postMessage(next);
        });
        const first = waiting.shift();
        if (first !== undefined) worker.postMessage(first);
      }
    });
  } finally {
    deafen();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return jobs.flatMap((job) => results.get(job) ?? []);
}
