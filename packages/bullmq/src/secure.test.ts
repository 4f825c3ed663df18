import { memoryStore } from '@fedkit/core';
import { callTask, remoteCall, storeBlobs } from '@fedkit/core/engine';
import { inlineExecutor, type MaskTask } from '@fedkit/secagg';
import { runRound } from '@fedkit/secagg/testing';
import { describe, expect, it } from 'vitest';
import { kinds } from '../test/servers.ts';
import { queueTasks } from './queue-tasks.ts';
import { queueWorker } from './queue-worker.ts';

describe.each(kinds)('a secure sum over $name', ({ start }) => {
  it.skipIf(start === undefined)('is unmasked by workers, to the same sums', { timeout: 120_000 }, async () => {
    if (start === undefined) return;
    const server = await start();
    const store = memoryStore();
    const blobs = storeBlobs(store);
    const shared = { database: server.database(), name: 'unmask', blobs };
    const tasks = await queueTasks({ ...shared, pollInterval: 20 });
    const executor = inlineExecutor();
    let units = 0;
    const unmask = callTask((task: MaskTask) => {
      units++;
      return executor.run(task);
    });
    const worker = await queueWorker({ ...shared, handlers: { unmask } });
    try {
      const ids = Array.from({ length: 8 }, (_, i) => `c${i}`);
      const round = {
        inputs: Object.fromEntries(ids.map((id, i) => [id, { v: Int32Array.of(i, -i, 100) }])),
        config: {
          vectors: { v: { length: 3, bound: 100 } },
          corruptFraction: 0,
          dropoutFraction: 0.25,
          mode: 'semi-honest' as const,
        },
        drop: { input: ['c1', 'c2'] },
        seed: 'workers',
      };
      const there = await runRound({ ...round, executor: remoteCall<MaskTask, Uint8Array>(tasks, 'unmask') });
      expect(there.sums).toEqual((await runRound(round)).sums);
      expect(there.sums.v).toEqual(Int32Array.of(25, -25, 600));
      expect(units).toBeGreaterThan(0);
      // Rebuilt secrets were among the blobs for as long as a task was under way.
      for await (const key of store.keys('')) expect.fail(key);
    } finally {
      await worker.close();
      await tasks.clear();
      await tasks.close();
      expect(await server.left()).toEqual([]);
      await server.stop();
    }
  });
});
