/**
 * Time, handed in.
 *
 * @module
 */
import { checkAborted, onAbort } from '../abort.ts';

/** What transports know of time. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls back once, after `milliseconds`, unless the returned function is called first. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The engine's monotonic clock and its timers. One of more than 2³¹ − 1 ms, 24 days, calls back after these: a platform's would at once. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds`; rejects with `ABORTED` as soon as `signal` fires. */
export async function sleep(
  where: string,
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  checkAborted(where, signal);
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel();
      deafen();
      resolve();
    };
    const deafen = onAbort(signal, done);
    const cancel = clock.after(milliseconds, done);
  });
  checkAborted(where, signal);
}
