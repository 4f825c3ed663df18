/**
 * Starting a thread that does nothing but run kernels: in Node by `node:worker_threads`, elsewhere by a worker of the page.
 *
 * @module
 */

/** What a helper starts with. */
export interface HelperData {
  /** The kernels, compiled. */
  readonly modules: readonly object[];
  /** The shared `WebAssembly.Memory`. */
  readonly memory: object;
  /** 1, 2, …. */
  readonly thread: number;
}

/** What is used of a thread that runs. */
export interface HelperThread {
  terminate(): unknown;
}

/** Starts a helper; `onEnd` is told when it ends, or could not begin. Throws where there are no threads. */
export type StartThread = (data: HelperData, onEnd: () => void) => HelperThread;

/**
 * What a helper runs. It is text and not a module of its own, so that every bundler takes it along; the work itself is in the
 * kernels, which never return.
 */
const PROGRAM = `
const help = ({ modules, memory, thread }) => {
  const env = { memory, wait() {} };
  for (const module of modules) Object.assign(env, new WebAssembly.Instance(module, { env }).exports);
  env.serve(thread);
};
if (typeof require === 'function') help(require('node:worker_threads').workerData);
else onmessage = ({ data }) => help(data);
`;

interface NodeThread extends HelperThread {
  on(event: 'error' | 'exit', listener: () => void): unknown;
  unref(): void;
}

interface PageThread extends HelperThread {
  onerror: (() => void) | null;
  postMessage(data: HelperData): void;
}

interface Engine {
  readonly process?: { getBuiltinModule?: (name: string) => unknown };
  readonly Worker?: new (url: string) => PageThread;
}

/** One program, at one address. */
let address: string | undefined;

/** {@link StartThread} of this engine. A thread of Node does not keep the process alive. */
export const startThread: StartThread = (data, onEnd) => {
  const { process, Worker: PageWorker } = globalThis as unknown as Engine;
  const threads = process?.getBuiltinModule?.('node:worker_threads') as
    | { readonly Worker: new (program: string, options: object) => NodeThread }
    | undefined;
  if (threads !== undefined) {
    const thread = new threads.Worker(PROGRAM, { eval: true, workerData: data, execArgv: [] });
    thread.on('error', onEnd);
    thread.on('exit', onEnd);
    thread.unref();
    return thread;
  }
  if (PageWorker === undefined) throw new Error('no threads');
  address ??= URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }));
  const thread = new PageWorker(address);
  thread.onerror = onEnd;
  thread.postMessage(data);
  return thread;
};
