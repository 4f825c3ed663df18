/**
 * Starts the command again with the V8 flags that suit a server: Node reads sockets into fresh buffers of 64 KB, and with a small heap
 * V8 collects all of it for every few megabytes of them.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** An initial heap that need not grow, and a young generation that stays in the processor's cache. */
export const SERVER_FLAGS: readonly string[] = ['--initial-heap-size=256', '--max-semi-space-size=4'];
/** glibc gives pages back only to fetch them again; other allocators ignore these. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_TRIM_THRESHOLD_: '100000000',
  MALLOC_MMAP_THRESHOLD_: '33554432',
};
const RELAUNCHED = 'FEDKIT_RELAUNCHED';
/** What a supervisor sends a server. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** Whether this process has the flags, or was told to go without. */
export function launched(): boolean {
  return process.env[RELAUNCHED] !== undefined || process.execArgv.some((flag) => /heap-size|semi-space/.test(flag));
}

/**
 * Runs this very command with the flags, hands signals on to it, and resolves with its exit code: 128 and the number of a signal that
 * ended it, as shells say it.
 */
export function relaunch(start: typeof spawn = spawn): Promise<number> {
  const child: ChildProcess = start(
    process.execPath,
    [...SERVER_FLAGS, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      env: { ...ENVIRONMENT, ...process.env, [RELAUNCHED]: '1' },
    },
  );
  const handlers = SIGNALS.map((signal) => [signal, () => void child.kill(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
