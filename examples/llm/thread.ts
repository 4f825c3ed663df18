// What runs on each thread: one arm after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { runArm } from './arms.ts';
import type { ThreadData, ThreadMessage } from './threads.ts';

const { setting, material } = workerData as ThreadData;
const say = (message: ThreadMessage) => parentPort?.postMessage(message);

parentPort?.on('message', (arm: string) => {
  runArm(arm, setting, material, (round, bits) => say({ arm, round, bits })).then(
    (result) => say({ arm, result }),
    (error: unknown) => say({ arm, error: String(error) }),
  );
});
