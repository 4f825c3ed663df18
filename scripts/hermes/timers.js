/**
 * Does some work with timers that wait. The bare VM calls a timer back at once, whatever its delay, and runs promises among timers:
 * deadlines would pass before an answer.
 */
export async function withTimers(work) {
  const { setTimeout: at, clearTimeout: clear } = globalThis;
  const { now } = Date;
  const alive = new Set();
  let last = 0;
  globalThis.setTimeout = (call, milliseconds) => {
    const id = ++last;
    const due = now() + milliseconds;
    alive.add(id);
    const look = () => {
      if (!alive.has(id)) return;
      if (now() < due) return at(look, 0);
      alive.delete(id);
      call();
    };
    at(look, 0);
    return id;
  };
  globalThis.clearTimeout = (id) => alive.delete(id);
  try {
    return await work();
  } finally {
    globalThis.setTimeout = at;
    globalThis.clearTimeout = clear;
  }
}
