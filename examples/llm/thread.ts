// What runs on each thread: one job after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { runJob } from './arms.ts';
import type { ThreadData, ThreadMessage } from './threads.ts';

const { setting, material } = workerData as ThreadData;
const say = (message: ThreadMessage) => parentPort?.postMessage(message);

parentPort?.on('message', (job: string) => {
  runJob(job, setting, material, (round, bits) => say({ job, round, bits })).then(
    (results) => say({ job, results }),
    (error: unknown) => say({ job, error: String(error) }),
  );
});
