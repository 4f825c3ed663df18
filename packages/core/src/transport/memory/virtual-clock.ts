/**
 * Time that passes when nothing else is to be done.
 *
 * @module
 */
import { turn } from '../../turn.ts';
import { FedkitError } from '../../errors.ts';
import type { Clock } from '../../protocol/clock.ts';

/** A clock whose timers fire in order, at once. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass until `work` settles, and gives what it gives. Whenever everything waits, the clock jumps to the next
   * timer, in the order of time and then of calls: with seeded work, two runs are the same.
   *
   * @throws FedkitError `PROTOCOL_STATE` if for a second of real time no timer is set and `work` does not settle: it waits
   * for something that never comes.
   */
  run<T>(work: Promise<T>): Promise<T>;
  /** Time stands still until the function it gives is called: for work that takes real time, such as a thread's. */
  hold(): () => void;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** How long, in real milliseconds, work may go on that this clock knows nothing of, such as a file's. */
const GIVE_UP_AFTER = 1000;

/** A clock that starts at `start` milliseconds, default 0. */
export function virtualClock(start: number = 0): VirtualClock {
  /** In reverse: the next is the last. */
  const timers: Timer[] = [];
  let now = start;
  let holds = 0;
  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { at: now + Math.max(0, milliseconds), callback };
      insert(timers, timer);
      return () => {
        const place = timers.indexOf(timer);
        if (place >= 0) timers.splice(place, 1);
      };
    },
    hold() {
      holds++;
      let held = true;
      return () => {
        if (held) holds--;
        held = false;
      };
    },
    async run(work) {
      let settled = false;
      const settle = () => {
        settled = true;
      };
      work.then(settle, settle);
      let busy = Date.now();
      for (;;) {
        await turn();
        if (settled) return work;
        const next = holds === 0 ? timers.pop() : undefined;
        if (next || holds > 0) {
          busy = Date.now();
          now = Math.max(now, next?.at ?? now);
          next?.callback();
        } else if (Date.now() - busy > GIVE_UP_AFTER) {
          throw new FedkitError('PROTOCOL_STATE', 'virtualClock: expected a timer or the end of the work, got neither');
        }
      }
    },
  };
}

/** Before those of the same time, as the later call. */
function insert(timers: Timer[], timer: Timer): void {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timers[middle].at > timer.at) low = middle + 1;
    else high = middle;
  }
  timers.splice(low, 0, timer);
}
