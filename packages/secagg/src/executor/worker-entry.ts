/**
 * What a worker thread of {@link nodeWorkerExecutor} runs: task in, sum of masks out.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';
import { inlineExecutor } from './inline.ts';
import { KnownParties } from './known-parties.ts';
import type { MaskTask } from './mask-task.ts';
import type { WorkerAnswer } from './node-workers.ts';

interface Port {
  on(event: 'message', listener: (task: MaskTask) => void): void;
  postMessage(answer: WorkerAnswer, transfer?: readonly ArrayBuffer[]): void;
}

// A thread that nodeWorkerExecutor started has the module it was started with.
const engine = (globalThis as unknown as { process: { getBuiltinModule: (name: string) => unknown } }).process;
const { parentPort: port } = engine.getBuiltinModule('node:worker_threads') as { parentPort: Port };
const executor = inlineExecutor();
const parties = new KnownParties();

port.on('message', (task) => {
  executor.run(parties.in(task)).then(
    (sum) => port.postMessage({ sum }, [sum.buffer as ArrayBuffer]),
    (error: unknown) => {
      const failure = isFedkitError(error)
        ? { code: error.code, message: error.message }
        : { message: 'worker: expected the task to run, got an error' };
      port.postMessage({ failure });
    },
  );
});
