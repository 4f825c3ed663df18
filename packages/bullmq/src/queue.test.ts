import { FedkitError, memoryStore } from '@fedkit/core';
import { type BlobStore, callTask, remoteCall, storeBlobs, type TaskHandlers } from '@fedkit/core/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { slowness } from '../../core/test/slowness.ts';
import { kinds, type Server, startPostgres, startRedis } from '../test/servers.ts';
import { type QueueTasks, queueTasks } from './queue-tasks.ts';
import { type QueueWorker, queueWorker } from './queue-worker.ts';
import { postgres } from './postgres.ts';
import { checkServer } from './redis.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (words: string) => new TextEncoder().encode(words);

/** Joins the texts of its inputs. */
const handlers: TaskHandlers = {
  join: async (inputs, { blobs }) =>
    bytesOf((await Promise.all(inputs.map((one) => blobs.get(one)))).map(text).join('+')),
  refuse: () => {
    throw new FedkitError('OUT_OF_RANGE', 'refuse: expected less, got more: é');
  },
  fail: () => {
    throw new TypeError('a secret');
  },
  slow: async () => {
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    return bytesOf('slow');
  },
  double: callTask((values: Float32Array) => values.map((value) => 2 * value)),
};

describe.each(kinds)('a queue on $name', ({ name: kind, start }) => {
  const run = it.skipIf(start === undefined);
  let server: Server;
  const blobs: BlobStore = storeBlobs(memoryStore());
  const closing: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    if (start !== undefined) server = await start();
  }, 120_000);
  afterAll(async () => {
    for (const one of closing.splice(0).reverse()) await one.close().catch(() => {});
    await server?.stop();
  }, 120_000);

  async function engineOn(name: string, more: object = {}): Promise<QueueTasks> {
    const engine = await queueTasks({ database: server.database(), name, blobs, pollInterval: 50, ...more });
    closing.push(engine);
    return engine;
  }
  async function workerOn(name: string, more: object = {}): Promise<QueueWorker> {
    const worker = await queueWorker({ database: server.database(), name, blobs, handlers, ...more });
    closing.push(worker);
    return worker;
  }

  run('does a job once, in the order of its tasks, whoever hands it in again', { timeout: 120_000 }, async () => {
    const engine = await engineOn('order');
    const started: string[] = [];
    const onEvent = (event: { kind: string; id?: string }): void =>
      void (event.kind === 'started' && started.push(event.id as string));
    await workerOn('order', { concurrency: 3, onEvent });
    const digests = await Promise.all(['a', 'b', 'c', 'd'].map((word) => blobs.put(bytesOf(word))));
    const job = {
      id: 'join-1',
      tasks: digests.map((digest) => ({ kind: 'join', inputs: [digest] })),
      last: { kind: 'join', inputs: [digests[3]] },
    };
    const progress: number[] = [];
    const [result] = await engine.run(job, { onProgress: ({ done }) => progress.push(done) });
    expect(text(await blobs.get(result))).toBe('d+a+b+c+d');
    expect(progress.at(-1)).toBe(4);
    const again = await engineOn('order');
    expect(await again.run(job)).toEqual([result]);
    expect(started).toHaveLength(5);
    // Results of tasks without a last one, in their order.
    const { last: _, ...alone } = { ...job, id: 'join-2' };
    expect((await engine.run(alone)).map(String)).toEqual(digests);
    const double = remoteCall<Float32Array, Float32Array>(engine, 'double');
    expect(await double.run(Float32Array.of(1, 2))).toEqual(Float32Array.of(2, 4));
    // What is forgotten is gone, what is cleared leaves nothing at all.
    for (const id of ['join-1', 'join-2']) await engine.forget(id);
    for (const one of closing.splice(0).reverse()) if (one !== engine) await one.close();
    await engine.clear();
    await engine.close();
    expect(await server.left()).toEqual([]);
  });

  run(
    'tells why a task failed for good, tries others, and does them when handed in again',
    { timeout: 120_000 },
    async () => {
      const engine = await engineOn('failures');
      let broken = true;
      const own: TaskHandlers = {
        ...handlers,
        flaky: () => (broken ? Promise.reject(new FedkitError('SHAPE_MISMATCH', 'broken')) : bytesOf('whole')),
      };
      const worker = await workerOn('failures', { handlers: own });
      const input = await blobs.put(bytesOf('x'));
      const one = (kind: string) =>
        engine.run({
          id: `one-${kind}`,
          tasks: [
            { kind, inputs: [input] },
            { kind: 'join', inputs: [input] },
          ],
        });
      await expect(one('refuse')).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
        message: expect.stringContaining('got more: ?'),
      });
      // The words are those of the one that failed, whichever it was.
      const tasks = ['join', 'refuse', 'join'].map((kind) => ({ kind, inputs: [input] }));
      await expect(engine.run({ id: 'second', tasks })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
      await expect(one('other')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(one('fail')).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.not.stringContaining('secret'),
      });
      await expect(one('flaky')).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
      broken = false;
      expect(text(await blobs.get((await one('flaky'))[0]))).toBe('whole');
      await worker.close();
      const signal = AbortSignal.timeout(300);
      await expect(
        engine.run({ id: 'nobody', tasks: [{ kind: 'join', inputs: [input] }] }, { signal }),
      ).rejects.toMatchObject({
        code: 'ABORTED',
      });
      const impatient = await engineOn('failures', { timeout: 300 });
      await expect(impatient.run({ id: 'nobody', tasks: [{ kind: 'join', inputs: [input] }] })).rejects.toThrow(
        /workers to finish/,
      );
    },
  );

  run('outlives its database, and says so where that comes back empty', { timeout: 180_000 }, async () => {
    const engine = await engineOn('life');
    const events: string[] = [];
    const onEvent = ({ kind: what }: { readonly kind: string }): void => void events.push(what);
    await workerOn('life', { stalledInterval: 500, lockDuration: 2000, onEvent });
    const input = await blobs.put(bytesOf('x'));
    const job = (id: string) => ({ id, tasks: [{ kind: 'join', inputs: [input] }] });
    expect(await engine.run(job('before'))).toEqual([input]);
    expect(events).not.toContain('waiting');
    await server.kill();
    const during = engine.run(job('during'));
    await vi.waitFor(() => expect(events).toContain('waiting'), { timeout: 30_000 * slowness() });
    await server.start();
    expect(await during).toEqual([input]);
    await server.kill();
    await server.empty();
    await server.start();
    await expect(engine.run(job('after'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/emptied/),
    });
    // Handed in again it is done, by the worker that was there all the time.
    expect(await engine.run(job('after'))).toEqual([input]);
  });

  run('refuses a queue of another protocol by name', { timeout: 60_000 }, async () => {
    const store = server.database().store({ lossy: true });
    closing.push(store);
    await store.put('engine/foreign', bytesOf('fedkit engine 9 0123'));
    await expect(engineOn('foreign')).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await expect(workerOn('foreign')).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await expect(engineOn('1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(kind).toBe(server.url.split(':')[0]);
  });
});

describe('databases that would lose rounds', () => {
  const [onRedis, onPostgres] = kinds.map(({ start }) => it.skipIf(start === undefined));

  onRedis(
    'are refused by name: Redis that evicts, forgets, or says done before it is',
    { timeout: 120_000 },
    async () => {
      for (const [settings, expected] of [
        [['--maxmemory-policy', 'allkeys-lru'], /noeviction/],
        [['--appendonly', 'no'], /appendonly yes/],
      ] as const) {
        const server = await startRedis(settings);
        await expect(server.database().prepare()).rejects.toThrow(expected);
        await server.stop();
      }
      const server = await startRedis(['--appendfsync', 'everysec']);
      await server.database().prepare();
      const store = server.database().store();
      await expect(store.put('a', Uint8Array.of(1))).rejects.toThrow(/appendfsync always/);
      await store.close();
      await server.stop();
      expect(() => checkServer('redis_version:6.0.1\r\n')).toThrow(/6\.2/);
    },
  );

  onPostgres(
    'are refused by name: PostgreSQL that does not wait, or of another schema',
    { timeout: 120_000 },
    async () => {
      const server = await startPostgres(['synchronous_commit=off']);
      await expect(server.database().prepare()).rejects.toThrow(/synchronous_commit/);
      await server.stop();
      const other = await startPostgres();
      const { url } = other;
      await expect(postgres({ url, migrate: false }).prepare()).rejects.toThrow(/tables of fedkit/);
      await other.database().prepare();
      await postgres({ url, migrate: false }).prepare();
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      // What a BullMQ of before the last migration has left.
      const latest = 'from fedkit.migration where version = (select max(version) from fedkit.migration)';
      await client.query(`create table public.kept as select * ${latest}`);
      await client.query(`delete ${latest}`);
      await expect(postgres({ url, migrate: false }).prepare()).rejects.toThrow(
        /queues of schema \d+, got the older \d+/,
      );
      await client.query('insert into fedkit.migration select * from public.kept');
      await client.query('update fedkit.fedkit_version set version = 7');
      await expect(other.database().prepare()).rejects.toThrow(/tables of version 1, got 7/);
      await client.end();
      await other.stop();
    },
  );
});
