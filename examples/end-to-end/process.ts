/**
 * A process that can die between any two operations, and a disk that outlives it.
 *
 * @module
 */
import type { Clock, SeededRng, Store } from '@fedkit/core';
import { isOut, type Outage } from './plan.ts';

/** What every operation of a dead process throws; nobody is there to see it. */
export class Dead extends Error {}

/** Resolves after so many milliseconds. */
export function sleep(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => clock.after(milliseconds, resolve));
}

/**
 * Runs `main` over and over: each time until it returns, or until the next outage kills it; then again once that is over.
 * Its signal fires at its death.
 */
export async function untilDone(
  clock: Clock,
  deaths: readonly Outage[],
  main: (life: AbortSignal) => Promise<void>,
): Promise<void> {
  for (;;) {
    while (isOut(deaths, clock.now())) {
      const [end] = deaths
        .filter((outage) => isOut([outage], clock.now()))
        .map(({ from, milliseconds }) => from + milliseconds);
      await sleep(clock, Math.max(1, end - clock.now()));
    }
    const life = new AbortController();
    const cancels = deaths
      .filter(({ from, milliseconds }) => from > clock.now() && milliseconds > 0)
      .map(({ from }) => clock.after(from - clock.now(), () => life.abort()));
    try {
      await main(life.signal);
      return;
    } catch (error) {
      if (!life.signal.aborted) throw error;
    } finally {
      for (const cancel of cancels) cancel();
    }
  }
}

/** `store` as one process sees it: every operation takes some time, in whose midst it may die. */
export function mortalStore(store: Store, clock: Clock, rng: SeededRng, life: AbortSignal): Store {
  const check = () => {
    if (life.aborted) throw new Dead();
  };
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    check();
    const early = rng.uniform() < 0.5 ? { result: await work() } : undefined;
    if (rng.uniform() < 0.5) await sleep(clock, 20 * rng.uniform());
    check();
    const { result } = early ?? { result: await work() };
    check();
    return result;
  };
  return {
    get: (key) => slowly(() => store.get(key)),
    ...(store.compareAndSwap && {
      compareAndSwap: (key, bytes, previous) =>
        slowly(async () => store.compareAndSwap?.(key, bytes, previous) ?? false),
    }),
    put: (key, bytes) => {
      const own = bytes.slice();
      return slowly(() => store.put(key, own));
    },
    create: (key, bytes) => {
      const own = bytes.slice();
      return slowly(() => store.create(key, own));
    },
    delete: (key) => slowly(() => store.delete(key)),
    keys: (prefix) => store.keys(prefix),
  };
}
