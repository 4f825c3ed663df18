// How threads share a job. Whoever has time takes the next chunk, so a helper that sleeps, starts late or has ended holds
// nobody up: only a chunk that it has taken is waited for.

import { ALONE, ASLEEP, HELPED, JOB, LEFT, OPEN, STARTED, STEP, TOTAL, WAITING } from './board';
import { chunk } from './chunk';

/** Looks at a word before a thread sleeps: some 50 µs, longer than what lies between two jobs of a pass. */
const LOOKS = 50_000;

/** Sleeps until LEFT is 0, or throws: of whoever gives jobs. */
@external('env', 'wait')
declare function wait(): void;

/** Does a job of `total` in chunks of `step`, with all threads there are. What it needs stands on the board. */
export function share(job: i32, total: i32, step: i32): void {
  store<i32>(JOB, job);
  store<i32>(TOTAL, total);
  store<i32>(STEP, step);
  const chunks = (total + step - 1) / step;
  const alone = load<i32>(ALONE);
  if (alone > 0 || chunks < 2) {
    for (let i = 0; i < chunks; i++) chunk(i, 0);
    if (alone > 0) store<i32>(ALONE, alone - 1);
    return;
  }
  atomic.store<i32>(LEFT, chunks);
  atomic.store<i32>(OPEN, chunks);
  if (atomic.load<i32>(ASLEEP)) atomic.notify(OPEN, -1);
  work(0);
  for (let looks = 0; atomic.load<i32>(LEFT); looks++) {
    if (looks > LOOKS) wait();
  }
}

/** Takes chunks while there are any. Nothing of a job is read before a chunk of it is taken: it then stays as it is. */
function work(thread: i32): void {
  for (;;) {
    const open = atomic.load<i32>(OPEN);
    if (open <= 0) return;
    if (atomic.cmpxchg<i32>(OPEN, open, open - 1) != open) continue;
    chunk(open - 1, thread);
    if (thread) atomic.add<i32>(HELPED, 1);
    if (atomic.sub<i32>(LEFT, 1) == 1 && atomic.load<i32>(WAITING)) atomic.notify(LEFT, -1);
  }
}

/** Helps for good, as thread 1, 2, …. */
export function serve(thread: i32): void {
  atomic.add<i32>(STARTED, 1);
  for (let looks = 0;;) {
    work(thread);
    if (++looks <= LOOKS) continue;
    looks = 0;
    atomic.add<i32>(ASLEEP, 1);
    atomic.wait<i32>(OPEN, 0, -1);
    atomic.sub<i32>(ASLEEP, 1);
  }
}
