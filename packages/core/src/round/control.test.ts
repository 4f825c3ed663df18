import { describe, expect, it } from 'vitest';
import { ask, expectedParams, join, report, testClock, testServer } from '../../test/round/federation.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import type { RoundTask } from '../protocol/message.ts';
import { seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { federatedServer } from './server.ts';

const CLIENTS = ['a', 'b', 'c'];
type Server = Awaited<ReturnType<typeof testServer>>;

async function invite(server: Server): Promise<Map<string, RoundTask>> {
  for (const client of CLIENTS) await join(server, client);
  await server.tick();
  const tasks = new Map<string, RoundTask>();
  for (const client of CLIENTS) tasks.set(client, (await join(server, client)) as RoundTask);
  return tasks;
}

async function playRound(server: Server): Promise<void> {
  for (const [client, task] of await invite(server)) await report(server, client, task);
  await server.tick();
}

describe('extend', () => {
  it('ends the stage later, across a restart too', async () => {
    const clock = testClock();
    const store = memoryStore();
    const server = await testServer({ clock, store, minimum: 1, deadlines: { reporting: 5000 } });
    const tasks = await invite(server);
    await report(server, 'a', tasks.get('a') as RoundTask);
    await server.extend(3000);
    expect(server.progress.remaining).toBe(8000);
    await server.close();
    const next = await testServer({ clock, store, minimum: 1, deadlines: { reporting: 5000 } });
    clock.time += 7999;
    await next.tick();
    expect(next.progress).toMatchObject({ published: 0, remaining: 1 });
    clock.time += 1;
    await next.tick();
    expect(next.progress.published).toBe(1);
    await expect(next.extend(0)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await next.cancel();
    await expect(next.extend(1)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await next.close();
  });
});

describe('rollBack', () => {
  it('goes on from an earlier model, and the records say so', async () => {
    const store = memoryStore();
    const clock = testClock();
    const options = { store, clock, history: 2, rounds: 6 };
    let server = await testServer(options);
    const models = [Float32Array.from(server.params)];
    for (let round = 1; round <= 3; round++) {
      await playRound(server);
      models.push(Float32Array.from(server.params));
    }
    expect(server.progress.history).toEqual([1, 2, 3]);
    await expect(server.rollBack(0)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const tasks = await invite(server);
    await report(server, 'a', tasks.get('a') as RoundTask);
    await server.rollBack(1);
    expect(server.params).toEqual(models[1]);
    expect(await report(server, 'b', tasks.get('b') as RoundTask)).toMatchObject({ kind: 'late' });
    await server.close();

    server = await testServer(options);
    expect(server.params).toEqual(models[1]);
    expect(server.progress.history).toEqual([1]);
    clock.time += 1001;
    await playRound(server);
    expect(server.params).toEqual(expectedParams(models[1], CLIENTS, 5));
    await playRound(server);
    const records = await server.records();
    expect(records.map(({ round, outcome, base }) => [round, outcome, base])).toEqual([
      [1, 'published', undefined],
      [2, 'published', undefined],
      [3, 'published', undefined],
      [4, 'abandoned', undefined],
      [5, 'published', 1],
      [6, 'published', undefined],
    ]);
    expect(records[3].reason).toBe('ABORTED');
    expect(server.progress.history).toEqual([1, 5, 6]);
    await server.cancel();
    await expect(server.rollBack(5)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await server.close();
  });

  it('leaves the run as it was, or rolled back, wherever it is killed', async () => {
    for (let at = 0; ; at++) {
      const disk = memoryStore();
      const server = await testServer({ store: disk, history: 1 });
      await playRound(server);
      await playRound(server);
      await server.close();
      let left = at;
      const failing = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => {
        return async (...args: A): Promise<T> => {
          if (left-- <= 0) throw new Error('killed');
          return work(...args);
        };
      };
      const killed = await testServer({
        store: {
          ...disk,
          put: failing((key: string, bytes: Uint8Array) => disk.put(key, bytes)),
          create: failing((key: string, bytes: Uint8Array) => disk.create(key, bytes)),
          delete: failing((key: string) => disk.delete(key)),
        },
        history: 1,
      }).catch(() => undefined);
      const done = await killed?.rollBack(1).then(
        () => true,
        () => false,
      );
      const next = await testServer({ store: disk, history: 1 });
      const back = next.progress.history?.at(-1) === 1;
      if (done) expect(back).toBe(true);
      await playRound(next);
      const [record] = await next.records(2);
      expect(record.base).toBe(back ? 1 : undefined);
      await next.close();
      if (left > 0) break;
    }
  });
});

describe('a run without rounds', () => {
  it('refuses both by name', async () => {
    const server = await federatedServer({
      pipeline: plainUpdates({ algorithm: fedBuff({ bufferSize: 2 }), size: 3 }),
      initial: new Float32Array(3),
      store: memoryStore(),
      cohort: 2,
      clock: testClock(),
      rng: seededRng(1),
    });
    await expect(server.extend(10)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await expect(server.rollBack(0)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    expect(await ask(server, 'a', { kind: 'join' })).toMatchObject({ kind: 'task' });
    await server.close();
  });
});
