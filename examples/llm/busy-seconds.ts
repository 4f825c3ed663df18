/**
 * What a thread was busy. `process.cpuUsage` adds up all threads of a process.
 *
 * @module
 */
import { performance } from 'node:perf_hooks';

type ThreadUsage = () => { readonly user: number; readonly system: number };

/** Processor seconds of this thread where Node tells them (23.9), else the seconds that its event loop was at work. */
export function busySeconds(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: ThreadUsage };
  if (threadCpuUsage === undefined) return performance.eventLoopUtilization().active / 1000;
  const { user, system } = threadCpuUsage();
  return (user + system) / 1e6;
}
