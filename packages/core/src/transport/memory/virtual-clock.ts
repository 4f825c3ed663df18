/**
 * Time that passes when nothing else is to be done.
 *
 * @module
 */
import { checkAborted, turn } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import { FedkitError } from '../../errors.ts';

/** A clock whose sleepers wake in order, at once. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass until `work` settles, and gives what it gives. Whenever everything waits, the clock jumps to the next
   * sleeper, in the order of time and then of calls: with seeded work, two runs are the same.
   *
   * @throws FedkitError `PROTOCOL_STATE` if nobody sleeps and `work` does not settle within a second: it waits for
   * something that never comes.
   */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that starts at `start` milliseconds, default 0. */
export function virtualClock(start: number = 0): VirtualClock {
  const sleepers: Sleeper[] = [];
  let now = start;
  let calls = 0;
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const sleeper: Sleeper = {
          at: now + Math.max(0, milliseconds),
          order: calls++,
          wake: () => {
            signal?.removeEventListener('abort', sleeper.wake);
            remove(sleepers, sleeper);
            try {
              checkAborted('sleep', signal);
              resolve();
            } catch (error) {
              reject(error);
            }
          },
        };
        if (signal?.aborted) return sleeper.wake();
        signal?.addEventListener('abort', sleeper.wake);
        insert(sleepers, sleeper);
      }),
    async run(work) {
      let settled = false;
      const done = () => {
        settled = true;
      };
      work.then(done, done);
      let idleSince: number | undefined;
      for (;;) {
        await turn();
        if (settled) return work;
        const next = sleepers.at(-1);
        if (next) {
          idleSince = undefined;
          now = Math.max(now, next.at);
          next.wake();
        } else {
          // Work that no clock knows of, such as a file's: real time passes.
          idleSince ??= Date.now();
          if (Date.now() - idleSince > 1000)
            throw new FedkitError('PROTOCOL_STATE', 'virtualClock: expected work or sleepers, got neither');
        }
      }
    },
  };
}

/** Sleepers stand in reverse: the next is the last. */
function insert(sleepers: Sleeper[], sleeper: Sleeper): void {
  let low = 0;
  let high = sleepers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // An equal time goes before, as the later call.
    if (sleepers[middle].at > sleeper.at) low = middle + 1;
    else high = middle;
  }
  sleepers.splice(low, 0, sleeper);
}

function remove(sleepers: Sleeper[], sleeper: Sleeper): void {
  const place = sleepers.indexOf(sleeper);
  if (place >= 0) sleepers.splice(place, 1);
}
