import { describe, expect, it } from 'vitest';
import { ask, join, report, testClock, testServer } from '../../test/round/federation.ts';
import { faultyStore } from '../../test/support/faulty-store.ts';
import type { Store } from '../store/contract.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { RoundTask } from '../protocol/message.ts';
import type { ServerEvent } from './server-options.ts';
import { turn } from '../turn.ts';

const CLIENTS = ['a', 'b', 'c'];

/** A store whose operations of one kind wait until they are let go. */
function gated(kind: 'delete' | 'put', store: Store = memoryStore()) {
  const waiting: (() => void)[] = [];
  let held = false;
  let most = 0;
  const wait = async () => {
    if (!held) return;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      most = Math.max(most, waiting.length);
    });
  };
  return {
    store: {
      ...store,
      [kind]: async (key: string, bytes: Uint8Array) => {
        await wait();
        return store[kind](key, bytes);
      },
    } as Store,
    hold: () => (held = true),
    release: () => {
      held = false;
      for (const go of waiting.splice(0)) go();
    },
    most: () => most,
  };
}

async function playRound(server: Awaited<ReturnType<typeof testServer>>, clients = CLIENTS): Promise<void> {
  const tasks = new Map<string, RoundTask>();
  for (let turn = 0; tasks.size < clients.length && turn < 10; turn++) {
    for (const client of clients) {
      const task = await join(server, client);
      if (task) tasks.set(client, task);
    }
    await server.tick();
  }
  for (const [client, task] of tasks) expect((await report(server, client, task)).kind).toBe('accepted');
  await server.tick();
}

describe('beside the queue of requests', () => {
  it('a store that never deletes holds up no round, and what it has not deleted goes later, a few at a time', async () => {
    const gate = gated('delete');
    const server = await testServer({ store: gate.store });
    gate.hold();
    for (let round = 1; round <= 3; round++) await playRound(server);
    expect(server.progress.published).toBe(3);
    gate.release();
    await server.close();
    const left: string[] = [];
    for await (const key of gate.store.keys('round/journal/')) left.push(key);
    // The slot that opened the epoch, and the latest snapshot.
    expect(left.length).toBeLessThanOrEqual(3);
    expect(gate.most()).toBeLessThanOrEqual(32);
  });

  it('records are read while a round closes, and only those after the one that is asked for', async () => {
    const gate = gated('put');
    const server = await testServer({ store: gate.store });
    await playRound(server);
    await playRound(server);
    gate.hold();
    // Closes the third round, and waits for the store.
    const closing = playRound(server);
    for (let waits = 0; waits < 50; waits++) await turn();
    expect((await server.records()).map(({ round }) => round)).toEqual([1, 2]);
    expect((await server.records(1)).map(({ round }) => round)).toEqual([2]);
    expect(await server.records(2)).toEqual([]);
    gate.release();
    await closing;
    expect((await server.records(2)).map(({ round }) => round)).toEqual([3]);
    await expect(server.records(-1)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await server.close();
  });

  it('an empty collector is not stored', async () => {
    const sizes: number[] = [];
    const store = memoryStore();
    const put = async (key: string, bytes: Uint8Array) => {
      if (key.startsWith('round/collector/')) sizes.push(bytes.length);
      await store.put(key, bytes);
    };
    const server = await testServer({ store: { ...store, put } });
    for (let round = 1; round <= 3; round++) await playRound(server);
    expect(sizes).toEqual([]);
    await server.close();
  });
});

describe('the end of a server', () => {
  it('comes after its grace, whatever the store does', async () => {
    const gate = gated('put');
    const server = await testServer({ store: gate.store });
    gate.hold();
    const playing = playRound(server).catch(() => {});
    for (let waits = 0; waits < 50; waits++) await turn();
    await server.close({ grace: 20 });
    expect(server.health).toEqual({ healthy: false, reason: 'closed' });
    expect(await ask(server, 'a', { kind: 'join' })).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
    gate.release();
    await playing;
    await expect(server.close({ grace: -1 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('is drained once the current round has ended, and no other opens', async () => {
    const events: string[] = [];
    const server = await testServer({ onEvent: ({ kind }) => void events.push(kind) });
    const tasks = new Map<string, RoundTask>();
    for (const client of CLIENTS) await join(server, client);
    await server.tick();
    for (const client of CLIENTS) tasks.set(client, (await join(server, client)) as RoundTask);
    expect(await server.drain({ grace: 0 })).toBe(false);
    expect(server.readiness).toEqual({ ready: false, reason: 'draining' });
    const drained = server.drain();
    for (const [client, task] of tasks) await report(server, client, task);
    expect(await drained).toBe(true);
    for (const client of CLIENTS) expect(await join(server, client)).toBeUndefined();
    await server.tick();
    expect(await join(server, 'a')).toBeUndefined();
    expect(events.filter((kind) => kind === 'opened')).toHaveLength(1);
    expect(await server.drain()).toBe(true);
    await server.close();
  });
});

describe('what a server tells', () => {
  const telling = async (options: { at: number; done: boolean }) => {
    const told: ServerEvent[] = [];
    const store = faultyStore(memoryStore(), { ...options });
    const clock = testClock();
    const server = await testServer({ store, clock, rounds: 3, onEvent: (event) => void told.push(event) }).catch(
      () => undefined,
    );
    if (!server) return undefined;
    const tasks = new Map<string, RoundTask>();
    for (let turn = 0; turn < 60 && server.progress.phase !== 'finished'; turn++) {
      for (const client of CLIENTS) {
        const task = tasks.get(client) ?? (await join(server, client));
        if (!task) continue;
        tasks.set(client, task);
        if ((await report(server, client, task)).kind !== 'refused') tasks.delete(client);
      }
      clock.time += 300;
      await server.tick().catch(() => {});
    }
    await server.close();
    return { told, operations: store.operations };
  };
  const kinds = (told: readonly ServerEvent[]) =>
    told.flatMap((event) =>
      event.kind === 'published' ? [`published ${event.record.round}`] : event.kind === 'failed' ? [] : [event.kind],
    );

  it('is the same, each thing once, whichever write of the store fails, done or not', async () => {
    const whole = await telling({ at: -1, done: false });
    const expected = kinds(whole?.told ?? []).sort();
    expect(expected).toHaveLength(3 + 9 + 3 + 1);
    for (let at = 0; at < (whole?.operations ?? 0); at++) {
      for (const done of [false, true]) {
        const run = await telling({ at, done });
        if (run) expect(kinds(run.told).sort(), `${at} ${done}`).toEqual(expected);
      }
    }
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('a log that is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a log that is full')) as never],
  ])('to a listener that %s changes no answer, and is the latest failure', async (_how, onEvent) => {
    let published = 0;
    const server = await testServer({ onEvent, onPublish: () => void published++ });
    await playRound(server);
    expect(published).toBe(1);
    expect(server.progress).toMatchObject({ published: 1, lastFailure: { error: { message: 'a log that is full' } } });
    expect(server.readiness).toEqual({ ready: true });
    await server.close();
  });

  it('of the same failure is told once in ten seconds, and how many more there were', async () => {
    const clock = testClock();
    const failures: ServerEvent[] = [];
    const store = faultyStore(memoryStore());
    const server = await testServer({
      store,
      clock,
      onEvent: (event) => event.kind === 'failed' && failures.push(event),
    });
    store.faults = { at: -1, forGood: true };
    for (let i = 0; i < 20; i++) await ask(server, 'a', { kind: 'leave', ticket: 2 ** 20 + i });
    expect(failures.length).toBeLessThanOrEqual(2);
    expect(server.readiness).toEqual({ ready: false, reason: 'store' });
    const before = failures.length;
    clock.time += 11_000;
    await ask(server, 'a', { kind: 'leave', ticket: 2 ** 20 });
    expect(failures.slice(before).some((event) => event.kind === 'failed' && (event.hidden ?? 0) >= 18)).toBe(true);
    store.faults = {};
    await server.tick();
    expect(server.readiness).toEqual({ ready: true });
    await server.close();
  });

  it('says who is awaited, in which stage, and for how long', async () => {
    const clock = testClock();
    const server = await testServer({ clock, deadlines: { reporting: 5000 } });
    for (const client of CLIENTS) await join(server, client);
    await server.tick();
    const task = (await join(server, 'b')) as RoundTask;
    await report(server, 'b', task);
    clock.time += 1000;
    await server.tick();
    expect(server.progress).toMatchObject({ stage: 'reporting', remaining: 4000, awaited: ['a', 'c'] });
    expect(server.progress.lastFailure).toBeUndefined();
    await server.close();
  });
});
