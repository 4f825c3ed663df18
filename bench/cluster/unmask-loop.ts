// Unmasks: as a thread of `nodeWorkerExecutor`, or as a process of its own that is told which tasks, and says how long they took.
import { isMainThread } from 'node:worker_threads';
import { inlineExecutor } from '@fedkit/secagg';
import { type Ring, tasksOf } from './unmasking-tasks.ts';

/** What such a process is told, as JSON in its environment. */
export interface UnmaskLoop extends Ring {
  readonly from: number;
  readonly to: number;
}

if (isMainThread) {
  const told = JSON.parse(process.env.LOOP as string) as UnmaskLoop;
  const tasks = tasksOf(told).slice(told.from, told.to);
  const executor = inlineExecutor();
  await executor.run(tasks[0]);
  const before = process.cpuUsage();
  const started = performance.now();
  for (const task of tasks) await executor.run(task);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }));
} else await import('../../packages/secagg/src/executor/worker-entry.ts');
