/**
 * A round of three clients on a queue with one worker: what tests of trouble are made of.
 *
 * @module
 */
import type { Store } from '@fedkit/core';
import { foldTasks, storeBlobs } from '@fedkit/core/engine';
import { expect } from 'vitest';
import { expectedParams, join, plain, report, testServer } from '../../core/test/round/federation.ts';
import { queueTasks } from '../src/queue-tasks.ts';
import { queueWorker } from '../src/queue-worker.ts';
import type { Server } from './servers.ts';

export const NAMES = ['a', 'b', 'c'];

/**
 * A round whose reports are in, and what is about it. Folding begins with the last of them.
 *
 * @param trouble - Before that.
 */
export async function roundOn(
  server: Server,
  store: Store,
  { name, timeout, trouble }: { readonly name: string; readonly timeout: number; readonly trouble: () => unknown },
) {
  const shared = { database: server.database(), name, blobs: storeBlobs(store) };
  const tasks = await queueTasks({ ...shared, pollInterval: 20, timeout });
  const worker = await queueWorker({
    ...shared,
    handlers: foldTasks(plain()),
    lockDuration: 3000,
    stalledInterval: 1000,
  });
  const failures: unknown[] = [];
  const federation = await testServer({
    cohort: 3,
    rounds: 1,
    engine: { tasks, shard: 1 },
    onEvent: (event) => event.kind === 'failed' && failures.push(event.error),
  });
  for (const client of NAMES) await join(federation, client);
  for (const client of NAMES) {
    const task = await join(federation, client);
    if (!task) throw new Error('no task');
    if (client === NAMES.at(-1)) await trouble();
    const answer = await report(federation, client, task);
    expect(answer).toMatchObject({ kind: 'accepted' });
  }
  const close = async () => {
    await worker.close();
    await tasks.clear();
    await tasks.close();
  };
  /** What it said of its first try, which begins with the last report, or of the one that a tick begins. */
  const complaint = async (): Promise<string> => {
    await federation.tick().catch((error: unknown) => failures.push(error));
    return failures.map(String).join('\n');
  };
  return { federation, close, complaint };
}

/** Goes on with the round until its model is out: the right one, of all three. */
export async function published(federation: Awaited<ReturnType<typeof testServer>>): Promise<void> {
  // Workers may be at the task that failed yet.
  for (let tries = 0; federation.progress.phase !== 'finished' && tries < 20; tries++) {
    await federation.tick().catch(() => {});
  }
  expect(federation.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1));
  const [record] = await federation.records();
  expect(record).toMatchObject({ outcome: 'published', facts: {} });
  expect(record.contributors).toHaveLength(3);
}
