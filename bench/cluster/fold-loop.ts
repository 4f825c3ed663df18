// Folds: as a thread of `threadTasks`, or as a process of its own that is told which plans, and says how long they took.
import * as fs from 'node:fs/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileStore } from '@fedkit/core';
import { foldTasks, inlineTasks, serveTasks, storeBlobs, type TaskPort } from '@fedkit/core/engine';
import { meanOf } from './federation.ts';

interface Told {
  readonly folder: string;
  readonly parameters: number;
  readonly plans: readonly string[];
}

const told = isMainThread ? (JSON.parse(process.env.LOOP as string) as Told) : (workerData as Told);
const blobs = storeBlobs(fileStore(fs, told.folder));
const handlers = foldTasks(meanOf(told.parameters));
if (isMainThread) {
  const engine = inlineTasks({ blobs, handlers });
  const tasks = told.plans.map((digest) => ({ kind: 'fold', inputs: [digest] }));
  // Compiled, as the workers and threads are that it stands beside.
  await engine.run({ id: 'warm', tasks: tasks.slice(0, 1) });
  const before = process.cpuUsage();
  const started = performance.now();
  await engine.run({ id: 'loop', tasks });
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }));
} else serveTasks(parentPort as unknown as TaskPort, { blobs, handlers });
