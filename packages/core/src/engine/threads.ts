/**
 * Tasks on worker threads. A thread that crashes is replaced, and its task done again.
 *
 * @module
 */
import { heard } from '../heard.ts';
import { checkAborted, onAbort } from '../abort.ts';
import { checkOptions, type OptionNames, checkInteger, refuse } from '../check.ts';
import { type ErrorCode, type ErrorDetails, FedkitError, isFedkitError } from '../errors.ts';
import type { BlobStore, EngineTask, TaskEngine, TaskHandlers } from './contract.ts';
import { checkJob, handlerOf } from './job.ts';

/** What is used of a worker: those of `node:worker_threads` fit. */
export interface TaskThread {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error' | 'exit', listener: (reason: unknown) => void): unknown;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
}

/** What is used of a worker's end: `parentPort` of `node:worker_threads`. */
export interface TaskPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Ask = { readonly number: number } & ({ readonly task: EngineTask } | { readonly abort: true });
type Reply = { readonly number: number } & (
  | { readonly digest: string }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails } }
  | { readonly failed: string }
);

/** Does the tasks that arrive at `port`: to be called in the worker, with blobs on the same medium. */
export function serveTasks(
  port: TaskPort,
  options: { readonly blobs: BlobStore; readonly handlers: TaskHandlers },
): void {
  checkOptions('serveTasks', options, { blobs: true, handlers: true } satisfies OptionNames<typeof options>);
  const { blobs, handlers } = options;
  const running = new Map<number, AbortController>();
  port.on('message', (message) => {
    const ask = message as Ask;
    const { number } = ask;
    if ('abort' in ask) {
      running.get(number)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(number, controller);
    const work = async (): Promise<string> => {
      const result = await handlerOf(handlers, ask.task.kind)(ask.task.inputs, { blobs, signal: controller.signal });
      return blobs.put(result);
    };
    const answer = (reply: Reply): void => {
      running.delete(number);
      port.postMessage(reply);
    };
    work().then(
      (digest) => answer({ number, digest }),
      (error: unknown) => {
        if (!isFedkitError(error)) return answer({ number, failed: String(error) });
        const { code, message: text, details } = error;
        answer({ number, refused: { code, message: text, details } });
      },
    );
  });
}

interface Waiting {
  readonly task: EngineTask;
  attempts: number;
  readonly resolve: (digest: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Tasks on as many threads, which see the same blobs. Idle threads do not keep the process alive.
 *
 * @param options.spawn - Starts a thread, whose module calls {@link serveTasks}:
 * `() => new Worker(new URL('./worker.js', import.meta.url))`.
 * @param options.attempts - How often a task is begun whose thread crashes under it. Default 3; then `UNAVAILABLE`.
 */
export function threadTasks(options: {
  readonly spawn: () => TaskThread;
  readonly threads: number;
  readonly blobs: BlobStore;
  readonly attempts?: number;
}): TaskEngine {
  checkOptions('threadTasks', options, {
    spawn: true,
    threads: true,
    blobs: true,
    attempts: true,
  } satisfies OptionNames<typeof options>);
  const where = 'threadTasks';
  const { spawn, blobs } = options;
  if (typeof spawn !== 'function') refuse('INVALID_ARGUMENT', `${where}: spawn`, 'a function', spawn);
  const most = checkInteger(`${where}: threads`, options.threads, 1, 1024);
  const attempts = checkInteger(`${where}: attempts`, options.attempts ?? 3, 1);
  const queue: Waiting[] = [];
  const idle: TaskThread[] = [];
  const busy = new Map<TaskThread, { readonly number: number; readonly waiting: Waiting }>();
  let alive = 0;
  let numbers = 0;
  let closed = false;

  function start(): TaskThread {
    const thread = spawn();
    alive++;
    thread.on('message', (message) => {
      const reply = message as Reply;
      const held = busy.get(thread);
      if (held?.number !== reply.number) return;
      busy.delete(thread);
      thread.unref?.();
      idle.push(thread);
      if ('digest' in reply) held.waiting.resolve(reply.digest);
      else held.waiting.reject(errorOf(reply));
      dispatch();
    });
    // Told by its end.
    thread.on('error', () => {});
    thread.on('exit', () => {
      alive--;
      const held = busy.get(thread);
      busy.delete(thread);
      const at = idle.indexOf(thread);
      if (at >= 0) idle.splice(at, 1);
      if (held === undefined) return;
      const { waiting } = held;
      if (closed) waiting.reject(new FedkitError('ABORTED', `${where}: expected an open engine, got a closed one`));
      else if (waiting.attempts >= attempts) {
        const details = { attempts: waiting.attempts };
        const text = `${where}: expected a thread that survives ${waiting.task.kind}, got ${attempts} that did not`;
        waiting.reject(new FedkitError('UNAVAILABLE', text, { details }));
      } else queue.unshift(waiting);
      dispatch();
    });
    return thread;
  }

  function dispatch(): void {
    while (queue.length > 0 && !closed) {
      const thread = idle.pop() ?? (alive < most ? start() : undefined);
      if (thread === undefined) return;
      const waiting = queue.shift() as Waiting;
      waiting.attempts++;
      const number = ++numbers;
      busy.set(thread, { number, waiting });
      thread.ref?.();
      thread.postMessage({ number, task: waiting.task } satisfies Ask);
    }
  }

  /** Forgets a task: takes it out of the queue, or tells its thread. */
  function drop(waiting: Waiting): void {
    const at = queue.indexOf(waiting);
    if (at >= 0) queue.splice(at, 1);
    for (const [thread, held] of busy) {
      if (held.waiting === waiting) thread.postMessage({ number: held.number, abort: true } satisfies Ask);
    }
  }

  function perform(task: EngineTask, signal: AbortSignal | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      let deafen = (): void => {};
      const stop = (): void => {
        drop(waiting);
        end(() =>
          reject(new FedkitError('ABORTED', `${where}: aborted by the caller's signal`, { cause: signal?.reason })),
        );
      };
      const end = (settle: () => void): void => {
        deafen();
        settle();
      };
      const waiting: Waiting = {
        task,
        attempts: 0,
        resolve: (digest) => end(() => resolve(digest)),
        reject: (error) => end(() => reject(error)),
      };
      if (closed)
        return waiting.reject(new FedkitError('ABORTED', `${where}: expected an open engine, got a closed one`));
      deafen = onAbort(signal, stop);
      queue.push(waiting);
      dispatch();
    });
  }

  return {
    concurrency: most,
    blobs,
    async run(job, how = {}) {
      checkOptions(`${where}.run`, how, { signal: true, onProgress: true });
      const { signal } = how;
      const tell = heard(how.onProgress);
      const { tasks, last } = checkJob(job);
      checkAborted(where, signal);
      // One that fails for good stops the others.
      const others = new AbortController();
      const deafen = onAbort(signal, () => others.abort(signal?.reason));
      let done = 0;
      try {
        const results = await Promise.all(
          tasks.map(async (task) => {
            const digest = await perform(task, others.signal);
            tell({ done: ++done, tasks: tasks.length });
            return digest;
          }),
        );
        if (last === undefined) return results;
        return [await perform({ ...last, inputs: [...last.inputs, ...results] }, others.signal)];
      } finally {
        deafen();
        others.abort();
      }
    },
    forget: async () => {},
    async close() {
      closed = true;
      for (const waiting of queue.splice(0))
        waiting.reject(new FedkitError('ABORTED', `${where}: expected an open engine, got a closed one`));
      await Promise.all([...idle, ...busy.keys()].map((thread) => thread.terminate()));
    },
  };
}

function errorOf(reply: Exclude<Reply, { readonly digest: string }>): Error {
  if ('failed' in reply) return new Error(reply.failed);
  const { code, message, details } = reply.refused;
  return new FedkitError(code, message, { details });
}
