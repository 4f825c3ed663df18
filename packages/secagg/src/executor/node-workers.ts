/**
 * Mask tasks on `node:worker_threads`: each worker has its own memory and provider; tasks and results cross as plain
 * data. The tasks hold rebuilt secrets, which workers learn as the server did.
 *
 * @module
 */
import { FedkitError, type ErrorCode } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import type { MaskExecutor, MaskTask } from './mask-task.ts';

/** The part of a `Worker` used here. */
interface Thread {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (answer: WorkerAnswer) => void): void;
  on(event: 'error' | 'exit', listener: (reason: unknown) => void): void;
  terminate(): Promise<number>;
  unref(): void;
  ref(): void;
}

/** What a worker answers: the masks' words, or how it failed. */
export type WorkerAnswer =
  | { readonly sum: Uint8Array }
  | { readonly failure: { readonly code?: ErrorCode; readonly message: string } };

/** An executor with threads to end. */
export interface WorkerExecutor extends MaskExecutor {
  /** Ends the threads; tasks under way are rejected. */
  close(): Promise<void>;
}

interface Running {
  readonly resolve: (sum: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Expands masks on `workers` threads. Idle threads do not keep the process alive.
 *
 * @param options.entry - The module the threads run; default `worker-entry` beside this one. A bundled application
 * names its own copy.
 * @param options.execArgv - Node options of the threads; default those of this process.
 * @throws FedkitError `UNSUPPORTED_PLATFORM` where the engine has no `node:worker_threads`.
 */
export function nodeWorkerExecutor(options: {
  readonly workers: number;
  readonly entry?: URL;
  readonly execArgv?: readonly string[];
}): WorkerExecutor {
  checkOptions('nodeWorkerExecutor', options, { workers: true, entry: true, execArgv: true } satisfies OptionNames<
    typeof options
  >);
  checkInteger('nodeWorkerExecutor: workers', options.workers, 1, 1024);
  const engine = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  const Worker = (
    engine?.getBuiltinModule?.('node:worker_threads') as
      | { Worker: new (url: URL, options: object) => Thread }
      | undefined
  )?.Worker;
  if (Worker === undefined) {
    throw new FedkitError('UNSUPPORTED_PLATFORM', 'nodeWorkerExecutor: expected node:worker_threads, got none');
  }
  const WorkerThread = Worker;
  const { entry = new URL('./worker-entry.js', import.meta.url) } = options;
  const execArgv = options.execArgv === undefined ? {} : { execArgv: options.execArgv };
  const idle: Thread[] = [];
  const all: Thread[] = [];
  const running = new Map<Thread, Running>();
  const waiting: { task: MaskTask; running: Running }[] = [];

  function settle(thread: Thread, act: (task: Running) => void): void {
    const task = running.get(thread);
    running.delete(thread);
    if (task !== undefined) act(task);
  }

  function start(): Thread {
    const thread = new WorkerThread(entry, execArgv);
    all.push(thread);
    thread.on('message', (answer) => {
      settle(thread, ({ resolve, reject }) => {
        if ('sum' in answer) resolve(answer.sum);
        else reject(new FedkitError(answer.failure.code ?? 'UNSUPPORTED_PLATFORM', answer.failure.message));
      });
      thread.unref();
      idle.push(thread);
      dispatch();
    });
    const gone = (): void => {
      const error = new FedkitError('ABORTED', 'nodeWorkerExecutor: expected a worker that runs, got one that ended');
      all.splice(all.indexOf(thread), 1);
      settle(thread, ({ reject }) => reject(error));
      dispatch();
    };
    thread.on('exit', gone);
    thread.on('error', () => undefined);
    return thread;
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      const thread = idle.pop() ?? (all.length < options.workers ? start() : undefined);
      if (thread === undefined) return;
      const next = waiting.shift() as (typeof waiting)[number];
      running.set(thread, next.running);
      thread.ref();
      thread.postMessage(next.task);
    }
  }

  return {
    concurrency: options.workers,
    run: (task) =>
      new Promise((resolve, reject) => {
        waiting.push({ task, running: { resolve, reject } });
        dispatch();
      }),
    async close() {
      for (const { running: task } of waiting.splice(0)) {
        task.reject(new FedkitError('ABORTED', 'nodeWorkerExecutor: expected an open executor, got a closed one'));
      }
      await Promise.all(all.slice().map((thread) => thread.terminate()));
    },
  };
}
