import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedParams,
  join,
  plain,
  reportOf,
  type TestOptions,
  testServer,
  ask,
} from '../../test/round/federation.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { encodeRequest, decodeResponse } from '../protocol/client-message.ts';
import { secureRng, seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import {
  callTask,
  decodeStructure,
  encodeStructure,
  foldTasks,
  frontEnd,
  inlineTasks,
  remoteCall,
  storeBlobs,
  type TaskEngine,
} from './index.ts';

const NAMES = ['d', 'a', 'c', 'b', 'e'];

function engineOf(store = memoryStore()): TaskEngine {
  return inlineTasks({ blobs: storeBlobs(store), handlers: foldTasks(plain()) });
}

async function keysOf(store: ReturnType<typeof memoryStore>): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys('')) keys.push(key);
  return keys;
}

/** Runs rounds with everyone, in this order. */
async function rounds(options: Partial<TestOptions>, names = NAMES) {
  const server = await testServer({ cohort: names.length, ...options });
  while (server.progress.phase !== 'finished') {
    for (const client of names) await join(server, client);
    for (const client of names) {
      const task = await join(server, client);
      if (!task) continue;
      const bytes = reportOf(client, task, (options.pipeline as never) ?? plain());
      expect(await ask(server, client, { kind: 'report', ticket: task.ticket, bytes })).toMatchObject({
        kind: 'accepted',
      });
    }
    await server.tick();
  }
  return server;
}

it('does what there is to do whatever whoever listens does', async () => {
  const blobs = storeBlobs(memoryStore());
  const engine = inlineTasks({ blobs, handlers: { same: ([digest]) => blobs.get(digest) } });
  const digest = await blobs.put(Uint8Array.of(1));
  const job = { id: 'one', tasks: [{ kind: 'same', inputs: [digest] }] };
  const reject = (): unknown => Promise.reject(new Error('of the listener'));
  const fail = () => {
    throw new Error('of the listener');
  };
  for (const onProgress of [reject, fail]) expect(await engine.run(job, { onProgress })).toEqual([digest]);
});

describe('a server with an engine', () => {
  it.each([1, 2, 3, 64])('comes to the same bytes in shards of %i', async (shard) => {
    const blobs = memoryStore();
    const events: number[] = [];
    const server = await rounds({
      rounds: 2,
      engine: { tasks: engineOf(blobs), shard, onProgress: ({ done }) => events.push(done) },
    });
    expect(server.params).toEqual((await rounds({ rounds: 2 })).params);
    expect(server.params).toEqual(expectedParams(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1), NAMES, 2));
    expect(events).toHaveLength(2 * Math.ceil(NAMES.length / shard));
    // Nothing is left of what was folded.
    expect(await keysOf(blobs)).toEqual([]);
    expect((await server.records()).map(({ contributors }) => [...contributors].sort())).toEqual(
      [1, 2].map(() => [...NAMES].sort()),
    );
  });

  it('folds robust rules of any kind, whose updates merge by name', async () => {
    const pipeline = plainUpdates({ algorithm: fedAvg({ aggregate: (size) => coordinateMedian(size) }), size: 3 });
    const tasks = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: foldTasks(pipeline) });
    const options = { pipeline: pipeline as never, rounds: 1 };
    const there = await rounds({ ...options, engine: { tasks, shard: 2 } });
    expect(there.params).toEqual((await rounds(options)).params);
  });

  it('leaves out what is no report, names how many, and goes on', async () => {
    const server = await testServer({ cohort: 3, engine: { tasks: engineOf(), shard: 1 } });
    for (const client of ['a', 'b', 'c']) await join(server, client);
    for (const client of ['a', 'b', 'c']) {
      const task = await join(server, client);
      if (!task) throw new Error('no task');
      const bytes = client === 'b' ? Uint8Array.of(1, 2, 3) : reportOf(client, task);
      await ask(server, client, { kind: 'report', ticket: task.ticket, bytes });
    }
    await server.tick();
    const [record] = await server.records();
    expect(record).toMatchObject({ outcome: 'published', contributors: ['a', 'c'], facts: { quarantined: 1 } });
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), ['a', 'c'], 1));
  });

  it('keeps a round whose engine fails, and closes it once it works, also in another process', async () => {
    const store = memoryStore();
    const blobs = storeBlobs(memoryStore());
    const working = inlineTasks({ blobs, handlers: foldTasks(plain()) });
    let down = true;
    const engine: TaskEngine = {
      ...working,
      run: async (...words) => {
        if (down) throw new FedkitError('UNAVAILABLE', 'down');
        return working.run(...words);
      },
    };
    const options = { store, rounds: 1, cohort: 2, engine: { tasks: engine, shard: 1 } };
    const first = await testServer(options);
    for (const client of ['a', 'b']) await join(first, client);
    for (const client of ['a', 'b']) {
      const task = await join(first, client);
      if (!task) throw new Error('no task');
      await ask(first, client, { kind: 'report', ticket: task.ticket, bytes: reportOf(client, task) });
    }
    await expect(first.tick()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first.close().catch(() => {});
    down = false;
    const second = await testServer(options);
    await second.tick();
    expect(second.progress.phase).toBe('finished');
    expect(second.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), ['a', 'b'], 1));
  });

  it('removes what a server left that was killed as it published the last round', async () => {
    const [blobs, store] = [memoryStore(), memoryStore()];
    const whole = engineOf(blobs);
    let killed = true;
    const tasks: TaskEngine = {
      ...whole,
      blobs: {
        ...whole.blobs,
        delete: (digest) => (killed ? Promise.reject(new Error('gone')) : whole.blobs.delete(digest)),
      },
    };
    const { params } = await rounds({ rounds: 1, store, engine: { tasks, shard: 2 } });
    // Five reports, plans of three shards and of the merge, and what these four came to.
    expect(await keysOf(blobs)).toHaveLength(13);
    killed = false;
    const again = await testServer({ rounds: 1, store, engine: { tasks, shard: 2 } });
    expect([again.progress.phase, again.params]).toEqual(['finished', params]);
    expect(await keysOf(blobs)).toEqual([]);
  });

  it('removes nothing of a server that has taken over while it opened the run', async () => {
    const [blobs, store] = [memoryStore(), memoryStore()];
    const whole = engineOf(blobs);
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => (go = resolve));
    const slow: TaskEngine = {
      ...whole,
      blobs: {
        ...whole.blobs,
        async *digests() {
          await gone;
          yield* whole.blobs.digests();
        },
      },
    };
    const options = { cohort: NAMES.length, rounds: 1, store };
    const opening = testServer({ ...options, engine: { tasks: slow, shard: 2 } });
    for (let i = 0; i < 100; i++) await Promise.resolve();
    const second = await testServer({ ...options, engine: { tasks: whole, shard: 2 } });
    for (const client of NAMES) await join(second, client);
    const task = await join(second, NAMES[0]);
    if (!task) throw new Error('no task');
    const bytes = reportOf(NAMES[0], task, plain());
    await ask(second, NAMES[0], { kind: 'report', ticket: task.ticket, bytes });
    const reported = await keysOf(blobs);
    expect(reported).toHaveLength(1);
    go();
    await opening.catch(() => {});
    expect(await keysOf(blobs)).toEqual(reported);
  });

  it('leaves a round alone that another server goes on with', async () => {
    const [blobs, store] = [memoryStore(), memoryStore()];
    const options = { cohort: NAMES.length, rounds: 1, store, engine: { tasks: engineOf(blobs), shard: 2 } };
    const first = await testServer(options);
    for (const client of NAMES) await join(first, client);
    const task = await join(first, NAMES[0]);
    if (!task) throw new Error('no task');
    const bytes = reportOf(NAMES[0], task, plain());
    await ask(first, NAMES[0], { kind: 'report', ticket: task.ticket, bytes });
    const before = await keysOf(blobs);
    expect(before).toHaveLength(1);
    await testServer(options);
    expect(await keysOf(blobs)).toEqual(before);
  });

  it('refuses by name what it cannot do', async () => {
    const tasks = engineOf();
    await expect(testServer({ engine: { tasks: {} as never } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(testServer({ engine: { tasks, shard: 0 } })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(testServer({ engine: { tasks, key: new Uint8Array(3) } })).rejects.toThrow(/key/);
    expect(() => foldTasks({ server: () => ({ collects: 'exchange' }) })).toThrow(/secure sums/);
    await expect(tasks.run({ id: '1', tasks: [] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(tasks.run({ id: 'a', tasks: [{ kind: 'none', inputs: [] }] })).rejects.toThrow(/one of fold, merge/);
    await expect(tasks.run({ id: 'a', tasks: [{ kind: 'fold', inputs: ['x'] }] })).rejects.toThrow(/hexadecimal/);
    const signal = AbortSignal.abort();
    const input = await tasks.blobs.put(Uint8Array.of(1));
    const job = { id: 'a', tasks: [{ kind: 'fold', inputs: [input] }] };
    await expect(tasks.run(job, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(tasks.run(job)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });
});

describe('a front end', () => {
  it('keeps reports, sends on what stands for them, and lets nobody else do so', async () => {
    const store = memoryStore();
    const blobs = storeBlobs(store);
    const key = secureRng().fill(new Uint8Array(32));
    const tasks = inlineTasks({ blobs, handlers: foldTasks(plain()) });
    const server = await testServer({ cohort: 3, engine: { tasks, key } });
    let longest = 0;
    const front = frontEnd({
      blobs,
      key,
      ask: (client, request) => {
        longest = Math.max(longest, request.length);
        return server.handle(client, request);
      },
    });
    for (const client of ['a', 'b', 'c']) await join(front as never, client);
    for (const client of ['a', 'b', 'c']) {
      const task = await join(front as never, client);
      if (!task) throw new Error('no task');
      const raw = reportOf(client, task);
      const request = encodeRequest({ kind: 'report', ticket: task.ticket, bytes: raw });
      if (client === 'a') {
        // What it would send for another client, or by another key, is a report that is none.
        let forwarded = new Uint8Array(0);
        const other = frontEnd({
          blobs,
          key,
          ask: async (_, bytes) => ((forwarded = bytes as never), new Uint8Array(0)),
        });
        await other.handle('b', request);
        expect(decodeResponse(await server.handle('a', forwarded))).toMatchObject({ kind: 'accepted' });
      } else expect(decodeResponse(await front.handle(client, request))).toMatchObject({ kind: 'accepted' });
    }
    expect(longest).toBeLessThan(100);
    await server.tick();
    const [record] = await server.records();
    expect(record).toMatchObject({ contributors: ['b', 'c'], facts: { quarantined: 1 } });
    expect(await keysOf(store)).toEqual([]);
    // Nonsense is the coordinator's to refuse.
    expect(decodeResponse(await front.handle('a', Uint8Array.of(1)))).toMatchObject({ kind: 'refused' });
  });
});

describe('calls by an engine', () => {
  it('answers as the function does, and leaves nothing', async () => {
    const store = memoryStore();
    const handlers = {
      echo: callTask((value: unknown) => value),
      fail: callTask(() => {
        throw new FedkitError('BUDGET_EXHAUSTED', 'no more');
      }),
    };
    const engine = inlineTasks({ blobs: storeBlobs(store), handlers });
    const value = { a: [1, -0, Number.NaN, 5n], b: { c: Float64Array.of(1.5), d: 'é', e: null, f: true } };
    expect(await remoteCall(engine, 'echo').run(value)).toEqual(value);
    expect(await keysOf(store)).toEqual([]);
    await expect(remoteCall(engine, 'fail').run(1)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  });

  it('brings every plain value across, and refuses others', () => {
    const vector = fc.oneof(
      fc.uint8Array(),
      fc.float32Array(),
      fc.float64Array(),
      fc.int32Array(),
      fc.uint32Array(),
      fc.bigInt64Array(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.bigInt(),
        vector,
        tie('list'),
        tie('record'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      record: fc.dictionary(
        fc.string().filter((name) => name !== '$' && name !== '__proto__'),
        tie('value'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    }));
    fc.assert(
      fc.property(value, (one) => {
        expect(decodeStructure(encodeStructure(one))).toEqual(one);
      }),
    );
    for (const wrong of [() => 1, new Map(), { $: 1 }, [new Date()]]) {
      expect(() => encodeStructure(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('answers 20,000 mutations with a value or an error by name', () => {
    const seeds = [{ a: Float32Array.of(1, 2), b: [1n, 'x', { c: 1 }] }, [Uint8Array.of(1), null, -0]].map(
      encodeStructure,
    );
    const rng = seededRng('structure');
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = seeds[i % 2].slice(0, rng.below(4) === 0 ? rng.below(seeds[i % 2].length) : undefined);
      for (let flips = rng.below(4); flips >= 0 && bytes.length > 0; flips--)
        bytes[rng.below(bytes.length)] ^= 1 << rng.below(8);
      try {
        decodeStructure(bytes);
      } catch (error) {
        if (!isFedkitError(error, 'DECODE_FAILED')) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('blobs', () => {
  it('are what their digest says, or refused', async () => {
    const store = memoryStore();
    const blobs = storeBlobs(store, { prefix: 'x/' });
    const digest = await blobs.put(Uint8Array.of(1, 2));
    expect(await blobs.put(Uint8Array.of(1, 2))).toBe(digest);
    expect(digest).toBe('a12871fee210fb8619291eaea194581cbd2531e4b23759d225f6806923f63222');
    expect([await blobs.has(digest), await blobs.has('0'.repeat(64))]).toEqual([true, false]);
    expect(await blobs.get(digest)).toEqual(Uint8Array.of(1, 2));
    await expect(blobs.get('0'.repeat(64))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await store.put(`x/${digest}`, Uint8Array.of(1, 3));
    await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    await blobs.delete(digest);
    expect(await blobs.has(digest)).toBe(false);
  });
});
