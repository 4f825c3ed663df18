/**
 * What a thread was busy. `process.cpuUsage` adds up all threads of a process.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

type ThreadUsage = () => { readonly user: number; readonly system: number };

/** Linux counts in hundredths of a second. */
const TICKS = 100;

/**
 * Processor seconds of this thread: as Node tells them (23.9), or Linux; elsewhere the seconds that its event loop was at
 * work, which on a busy machine are more.
 */
export function busySeconds(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: ThreadUsage };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage();
    return (user + system) / 1e6;
  }
  try {
    // Behind the name in parentheses, which may hold anything: state, and twelve fields on, user and system time.
    const text = readFileSync('/proc/thread-self/stat', 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return performance.eventLoopUtilization().active / 1000;
  }
}
