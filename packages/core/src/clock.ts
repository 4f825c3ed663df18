/**
 * Time, handed in, so that a test can let a day pass in a millisecond.
 *
 * @module
 */
import { checkAborted } from './abort.ts';

/** Tells the time and waits. */
export interface Clock {
  /** Milliseconds since 1970 or another fixed instant. Must not restart with the process: deadlines are kept on disk. */
  now(): number;
  /**
   * Resolves after so many milliseconds.
   *
   * @throws FedkitError `ABORTED` once the signal fires.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The longest a platform's timer can wait; beyond it fires at once. */
const LONGEST = 0x7fffffff;

/** The platform's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        try {
          checkAborted('sleep', signal);
        } catch (error) {
          reject(error);
        }
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
        Math.min(milliseconds, LONGEST),
      );
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    }),
};
