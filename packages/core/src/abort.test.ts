import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { onAbort } from './abort.ts';
import { threadTasks } from './engine/threads.ts';
import { sleep } from './protocol/clock.ts';
import { seededRng } from './random.ts';
import { memoryStore } from './store/memory-store.ts';
import { storeBlobs } from './engine/blobs.ts';
import { faultyExchange } from './transport/memory/faulty-exchange.ts';
import { completeRetryOptions, retryingExchange } from './transport/retry.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('tells everybody who listens, once, and nobody who has stopped', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const stops = ['a', 'b', 'c'].map((name) => onAbort(controller.signal, () => told.push(name)));
    expect(listenersOf(controller.signal)).toBe(1);
    stops[1]();
    stops[1]();
    controller.abort();
    controller.abort();
    expect(told).toEqual(['a', 'c']);
  });

  it('lets a listener stop another while the signal fires', () => {
    const controller = new AbortController();
    const told: string[] = [];
    onAbort(controller.signal, () => {
      told.push('first');
      second();
    });
    const second = onAbort(controller.signal, () => told.push('second'));
    controller.abort();
    expect(told).toEqual(['first']);
  });

  it('asks nothing of the event, which a signal that somebody made up may not give', () => {
    const heard: (() => void)[] = [];
    const signal = {
      addEventListener: (_: string, listener: () => void) => heard.push(listener),
      removeEventListener: (_: string, listener: () => void) => heard.splice(heard.indexOf(listener), 1),
    } as never as AbortSignal;
    const told: string[] = [];
    const stops = ['a', 'b'].map((name) => onAbort(signal, () => told.push(name)));
    expect(heard).toHaveLength(1);
    heard[0]();
    expect(told).toEqual(['a', 'b']);
    for (const stop of stops) stop();
    expect(heard).toEqual([]);
  });

  it('leaves nothing behind, and begins anew', () => {
    const { signal } = new AbortController();
    for (let time = 0; time < 3; time++) {
      const stops = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
      expect(listenersOf(signal)).toBe(1);
      for (const stop of stops) stop();
      expect(listenersOf(signal)).toBe(0);
    }
    expect(() => onAbort(undefined, () => {})()).not.toThrow();
  });
});

describe('twenty under one signal are one listener, and none afterwards:', () => {
  const signals = () => {
    const controller = new AbortController();
    const { signal } = controller;
    return { controller, signal };
  };

  it.each(['in time', 'aborted'])('sleepers, %s', async (how) => {
    const { controller, signal } = signals();
    const clock = new FakeClock();
    const slept = Array.from({ length: 20 }, () => sleep('test', clock, 10, signal));
    expect(listenersOf(signal)).toBe(1);
    if (how === 'aborted') controller.abort();
    const ends = await clock.until(Promise.allSettled(slept));
    expect(ends.every(({ status }) => status === (how === 'aborted' ? 'rejected' : 'fulfilled'))).toBe(true);
    expect(listenersOf(signal)).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it('requests of a transport that tries again', async () => {
    const { signal } = signals();
    const clock = new FakeClock();
    let asked = 0;
    const exchange = retryingExchange(
      'test',
      {
        async whole(request) {
          expect(listenersOf(signal)).toBe(1);
          await sleep('test', clock, 100, undefined);
          // Every second one is too late.
          if (asked++ % 2 === 0) await sleep('test', clock, 1000, undefined);
          return { response: request };
        },
        piece: () => Promise.reject(new Error('none')),
      },
      completeRetryOptions('test', { timeout: 500, attempts: 20, rng: seededRng(1), clock }),
    );
    const requests = Array.from({ length: 20 }, (_, i) => exchange(Uint8Array.of(i), { signal }));
    expect(await clock.until(Promise.all(requests))).toEqual(requests.map((_, i) => Uint8Array.of(i)));
    expect(asked).toBeGreaterThan(20);
    expect(listenersOf(signal)).toBe(0);
  });

  it('requests over a network that loses them', async () => {
    const { signal } = signals();
    const clock = new FakeClock();
    const exchange = faultyExchange((request) => Promise.resolve(request), {
      rng: seededRng(1),
      clock,
      requestLoss: 0.5,
      timeout: 50,
    });
    const requests = Array.from({ length: 20 }, (_, i) => exchange(Uint8Array.of(i), { signal }));
    expect(listenersOf(signal)).toBe(1);
    const ends = await clock.until(Promise.allSettled(requests));
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    expect(listenersOf(signal)).toBe(0);
  });

  it('tasks that wait for threads', async () => {
    const { controller, signal } = signals();
    const silent = { postMessage: () => {}, terminate: () => Promise.resolve(0), on: () => {} };
    const engine = threadTasks({ spawn: () => silent as never, threads: 2, blobs: storeBlobs(memoryStore()) });
    const runs = Array.from({ length: 20 }, (_, i) =>
      engine.run(
        { id: `job-${i}`, tasks: Array.from({ length: 20 }, () => ({ kind: 'fold', inputs: [] })) },
        { signal },
      ),
    );
    expect(listenersOf(signal)).toBe(1);
    controller.abort();
    const ends = await Promise.allSettled(runs);
    expect(ends.every((end) => end.status === 'rejected' && end.reason.code === 'ABORTED')).toBe(true);
    expect(listenersOf(signal)).toBe(0);
    await engine.close();
  });
});
