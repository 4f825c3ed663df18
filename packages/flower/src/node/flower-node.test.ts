import { Layout, memoryStore, plainTrainer, seededRng, softmaxRegression, type Store } from '@fedkit/core';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeLink, No } from '../../test/fake-link.ts';
import { bytesOf, vectors } from '../../test/vectors.ts';
import { type FlowerArray, flowerArray, makeArray, readArray } from '../array/flower-array.ts';
import type { ArrayRecord, FlowerRecords, Values } from '../array/records.ts';
import { makeObject } from '../object/object.ts';
import type { FlowerNodeOptions, FlowerNodeProgress } from './contract.ts';
import { flowerNode } from './flower-node.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const examples = { inputs: Float32Array.of(4, 3, 1, 5, 2, 3, 6, 1), labels: Uint8Array.of(0, 1, 1, 0) };
const { layout } = model;
const local = { steps: 2, batchSize: 'all', learningRate: 0.5 } as const;
const weights = () => Float32Array.from({ length: layout.size }, (_, i) => i / 8);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function start(link: FakeLink, options: Partial<FlowerNodeOptions> = {}) {
  const controller = new AbortController();
  const events: FlowerNodeProgress[] = [];
  const ended = flowerNode({
    url: 'http://127.0.0.1:8000',
    trainer: plainTrainer(model, examples),
    local: () => local,
    evaluate: (params) => ({ examples: 4, metrics: { eval_acc: model.evaluate(params, examples).accuracy } }),
    store: memoryStore(),
    fetch: link.fetch,
    pollInterval: 1,
    signal: controller.signal,
    onProgress: (event) => events.push(event),
    ...options,
  })
    .run()
    .catch((error: unknown) => error);
  const stop = () => controller.abort();
  stops.push(stop);
  const until = async (kind: FlowerNodeProgress['kind']) => {
    while (!events.some((event) => event.kind === kind)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { events, ended, stop, until };
}

async function arrayRecord(extra: readonly [string, FlowerArray][] = []): Promise<ArrayRecord> {
  const values = weights();
  const own: [string, FlowerArray][] = [];
  for (const { name, shape } of layout.tensors) own.push([name, await makeArray(layout.view(values, name), shape)]);
  return { kind: 'arrays', arrays: new Map([...own.reverse(), ...extra]) };
}

const train = async (config: Values = {}, extra: readonly [string, FlowerArray][] = []): Promise<FlowerRecords> => ({
  arrays: await arrayRecord(extra),
  config: { kind: 'config', values: config },
});

async function fromVector(name: string): Promise<FlowerArray> {
  const { dtype, shape, file } = vectors.npy.find((one) => one.name === name) as (typeof vectors.npy)[number];
  const chunk = await makeObject('ArrayChunk', [], bytesOf(file));
  const body = JSON.stringify({ dtype, shape, stype: 'numpy.ndarray', arraychunk_ids: [0] });
  return flowerArray(await makeObject('Array', [chunk], new TextEncoder().encode(body)));
}

const arraysOf = (records: FlowerRecords = {}) => (records.arrays as ArrayRecord).arrays;

describe('flowerNode', () => {
  it('trains and evaluates: what it answers is what its trainer makes of the arrays', async () => {
    const link = new FakeLink();
    start(link);
    const { records, metadata } = await link.send('train', await train({ lr: 0.5 }));
    const expected = await plainTrainer(model, examples).train(weights(), {}, { ...local, rng: seededRng(1) });
    const trained = weights().map((weight, i) => Math.fround(weight + expected.values[i]));
    // In the order in which they came, which is not the layout's.
    expect([...arraysOf(records).keys()]).toEqual(['layers.0.bias', 'layers.0.weight']);
    for (const { name, size } of layout.tensors) {
      const array = arraysOf(records).get(name) as FlowerArray;
      expect(readArray(array, new Float32Array(size))).toEqual(layout.view(trained, name));
    }
    expect(records?.metrics).toEqual({
      kind: 'metrics',
      values: { train_loss: expected.lossAtStart, 'num-examples': 4n },
    });
    expect(metadata).toMatchObject({
      srcNodeId: 77n,
      dstNodeId: 1n,
      groupId: '3',
      messageType: 'train',
      dstTaskId: 9n,
    });
    expect(metadata.createdAt + metadata.ttl).toBeLessThanOrEqual(Date.now() / 1000 + 3600.1);
    const evaluated = await link.send('evaluate', await train());
    expect(evaluated.records).toEqual({
      metrics: { kind: 'metrics', values: { eval_acc: expect.any(Number), 'num-examples': 4n } },
    });
  });

  it('answers arrays that it does not train by their id, whatever they are', async () => {
    const link = new FakeLink();
    start(link);
    const extra: [string, FlowerArray][] = [];
    for (const name of ['<i8C', '<b1C', '>f8F', 'bfloat16', 'empty', 'scalar'])
      extra.push([name, await fromVector(name)]);
    const text = await makeObject('ArrayChunk', [], new TextEncoder().encode('no .npy at all'));
    const body = JSON.stringify({ dtype: '<U5', shape: [3], stype: 'pickle', arraychunk_ids: [0] });
    extra.push(['text', flowerArray(await makeObject('Array', [text], new TextEncoder().encode(body)))]);
    const { records } = await link.send('train', await train({}, extra));
    for (const [name, array] of extra) expect(arraysOf(records).get(name)?.object.id).toBe(array.object.id);
    expect([...arraysOf(records).keys()].slice(2)).toEqual(extra.map(([name]) => name));
  });

  it.each(vectors.npy.filter(({ shape }) => shape.join() === '2,3'))(
    'trains $name and answers its type',
    async (vector) => {
      const link = new FakeLink();
      const one = Layout.of([{ name: 'x', shape: [2, 3] }]);
      const trainer = {
        layout: one,
        train: async (start: Float32Array) => ({
          values: start.map((value) => (value > 1 && vector.dtype !== 'bool' ? 1 : 0) || (value === 0 ? 1 : 0)),
          steps: 1,
          examples: 2,
          lossAtStart: 1,
        }),
        gradient: async (at: Float32Array) => at,
      };
      start(link, { trainer });
      const array = await fromVector(vector.name);
      const { records } = await link.send('train', { arrays: { kind: 'arrays', arrays: new Map([['x', array]]) } });
      const answered = arraysOf(records).get('x') as FlowerArray;
      expect(answered.dtype).toBe(array.dtype);
      const expected = vector.values.map((v) => (v === 0 ? 1 : v > 1 && vector.dtype !== 'bool' ? v + 1 : v));
      expect([...readArray(answered, new Float32Array(6))]).toEqual(expected);
    },
  );

  it('pushes an unchanged record by its name, and of a changed one only what changed', async () => {
    const link = new FakeLink();
    const handlers = { query: (records: FlowerRecords) => ({ arrays: records.arrays }) };
    start(link, { handlers });
    const large: [string, FlowerArray] = ['large', await makeArray(new Float32Array(1_500_000), [1_500_000])];
    await link.send('query', await train({}, [large]));
    expect(link.pushed).toBeLessThan(1000);
    const before = link.pushed;
    await link.send('train', await train({}, [large]));
    expect(link.pushed - before).toBeLessThan(2500);
  });

  it('says an unchanged tensor of a changed record in 400 bytes, all calls counted, and an unchanged record in 1 KB', async () => {
    const sent = async (unchanged: number, type: string): Promise<{ all: number; objects: number }> => {
      const link = new FakeLink();
      const bytes = { all: 0, objects: 0 };
      const fetch: FlowerNodeOptions['fetch'] = (url, init) => {
        const { length } = init.body as Uint8Array;
        if (/push|confirm/.test(url)) bytes.all += length;
        if (url.endsWith('push-object')) bytes.objects += length;
        return link.fetch(url, init);
      };
      const handlers = { query: (records: FlowerRecords) => ({ arrays: records.arrays }) };
      const { until } = start(link, { fetch, handlers });
      // Names as long as those of language models, with numbers of one digit: each costs the same.
      const extra: [string, FlowerArray][] = [];
      for (let i = 0; i < unchanged; i++) {
        const array = await makeArray(new Float32Array(4000 + i), [4000 + i]);
        extra.push([`model.layers.${i}.self_attn.q_proj.lora_embedding.weight`, array]);
      }
      await link.send(type, await train({}, extra));
      await until('replied');
      return bytes;
    };
    expect(((await sent(10, 'train')).all - (await sent(2, 'train')).all) / 8).toBeLessThanOrEqual(400);
    const [one, ten] = [await sent(1, 'query'), await sent(10, 'query')];
    expect(ten.objects).toBeLessThanOrEqual(1024);
    expect(ten.objects).toBe(one.objects);
    // The tree that announces a reply names every array in it and its chunk.
    expect((ten.all - one.all) / 9).toBeLessThanOrEqual(140);
  });

  it('names what is wrong to the ServerApp, and goes on', async () => {
    const link = new FakeLink();
    const { events } = start(link, { handlers: { 'query.mine': () => Promise.reject(new Error('a secret')) } });
    const none = await link.send('train', { config: { kind: 'config', values: {} } });
    expect(none.error?.reason).toMatch(/^SHAPE_MISMATCH: .*one array record/);
    const other = await makeArray(new Float32Array(3), [3]);
    const wrong = await link.send('train', { arrays: { kind: 'arrays', arrays: new Map([['other', other]]) } });
    expect(wrong.error?.reason).toMatch(/^SHAPE_MISMATCH: .*layers\.0\.weight/);
    expect((await link.send('query', await train())).error?.reason).toMatch(/a message type with a handler/);
    expect((await link.send('query.mine', await train())).error?.reason).toBe('Error');
    expect((await link.send('train', await train())).records).toBeDefined();
    expect(events.filter(({ kind }) => kind === 'failed')).toHaveLength(4);
  });

  it('tells what the run was started with, and asks once a run', async () => {
    const link = new FakeLink();
    link.runConfig = [
      { key: 'lr', value: { double: 0.25 } },
      { key: 'train.steps', value: { sint64: 3n } },
      { key: 'wide', value: { bool: true } },
      { key: 'name', value: { string: 'x' } },
    ];
    const seen: Values[] = [];
    const { events } = start(link, { local: ({ runConfig }) => (seen.push(runConfig), local) });
    for (const runId of [5n, 5n, 6n]) await link.send('train', await train(), { runId });
    expect(seen).toEqual(Array(3).fill({ lr: 0.25, 'train.steps': 3n, wide: true, name: 'x' }));
    expect(link.calls.filter((path) => path === 'get-run')).toHaveLength(2);
    // A run that is over before its message was looked at is nobody's.
    link.hook = (path) => {
      if (path === 'get-run') throw new No(403, 2008);
    };
    void link.send('train', await train(), { runId: 7n });
    while (!events.some(({ kind }) => kind === 'discarded')) await new Promise((r) => setTimeout(r, 1));
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('takes μ from FedProx, and refuses to pretend that it clips', async () => {
    const link = new FakeLink();
    const objectives: unknown[] = [];
    const trainer = plainTrainer(model, examples);
    start(link, {
      trainer: {
        ...trainer,
        train: (at, objective, options) => (objectives.push(objective), trainer.train(at, objective, options)),
      },
    });
    await link.send('train', await train({ 'proximal-mu': 0.25 }));
    expect(objectives).toEqual([{ proximal: 0.25 }]);
    expect((await link.send('train', await train({ clipping_norm: 1 }))).error?.reason).toMatch(/clipping/);
  });

  it('never answers an unchanged model, no examples, or metrics of other names', async () => {
    const link = new FakeLink();
    let result = { values: new Float32Array(layout.size), steps: 1, examples: 4, lossAtStart: 1 };
    let metrics: Values = { train_loss: 1 };
    const trainer = { layout, train: async () => result, gradient: async (at: Float32Array) => at };
    start(link, { trainer, trainMetrics: () => metrics });
    const reason = async () => (await link.send('train', await train())).error?.reason;
    expect(await reason()).toMatch(/unchanged model/);
    result = { ...result, values: new Float32Array(layout.size).fill(1), examples: 0 };
    expect(await reason()).toMatch(/examples/);
    result = { ...result, values: new Float32Array(layout.size).fill(Number.NaN), examples: 4 };
    expect(await reason()).toMatch(/finite/);
    result = { ...result, values: new Float32Array(layout.size).fill(1) };
    expect(await reason()).toBeUndefined();
    metrics = { loss: 1 };
    expect(await reason()).toMatch(/the names/);
    const sending = new FakeLink();
    const zero = { ...trainer, train: async () => ({ ...result, values: new Float32Array(layout.size) }) };
    start(sending, { trainer: zero, unchanged: 'send' });
    expect((await sending.send('train', await train())).records).toBeDefined();
  });

  it('stays online after a reply: a SuperLink drops replies of nodes that are gone', async () => {
    const link = new FakeLink();
    const { stop, ended } = start(link);
    await link.send('train', await train());
    stop();
    expect(await ended).toMatchObject({ code: 'ABORTED' });
    expect(link.calls).not.toContain('deactivate-node');
    expect(link.online).toBe(true);
  });

  it('goes on as the node that it was, by its id, since a node that is online cannot be activated', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    const first = start(link, { store });
    await link.send('train', await train());
    first.stop();
    await first.ended;
    const before = link.calls.length;
    const second = start(link, { store });
    await link.send('train', await train());
    expect(link.calls.slice(before)).not.toContain('activate-node');
    expect(second.events[0]).toEqual({ kind: 'online', nodeId: 77n, resumed: true });
  });

  it('registers again where the SuperLink has lost its memory', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    const first = start(link, { store });
    await first.until('online');
    first.stop();
    await first.ended;
    link.registered = link.online = false;
    const second = start(link, { store });
    await second.until('online');
    expect(second.events.map(({ kind }) => kind)).toEqual(['registered', 'online']);
  });

  it('has its id in the store before it is activated', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    let stored: Uint8Array | undefined;
    const put = async (key: string, bytes: Uint8Array) => {
      if (!link.calls.includes('activate-node')) stored = bytes;
      return store.put(key, bytes);
    };
    const node = start(link, { store: { ...store, get: (key) => store.get(key), put } });
    await node.until('online');
    const reborn = memoryStore();
    await reborn.put('flower/node', stored as Uint8Array);
    node.stop();
    const second = start(link, { store: reborn });
    await link.send('train', await train());
    expect(second.events[0]).toEqual({ kind: 'online', nodeId: 77n, resumed: true });
  });

  it('needs no registration where an operator registered its key', async () => {
    const link = new FakeLink();
    link.registered = true;
    link.hook = (path) => {
      if (path === 'register-node') throw new No(412, 2001);
    };
    start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('waits for a SuperLink that is not there yet, and for objects that are not', async () => {
    const link = new FakeLink();
    let refusals = 1;
    let unavailable = 1;
    const fetch: FlowerNodeOptions['fetch'] = async (url, init) => {
      if (refusals-- > 0) throw new TypeError('connection refused');
      if (url.endsWith('pull-object') && unavailable-- > 0) {
        return new Response(Uint8Array.of(8, 1), { headers: { 'content-type': 'application/protobuf' } });
      }
      return link.fetch(url, init);
    };
    const { events } = start(link, { fetch });
    expect((await link.send('train', await train())).records).toBeDefined();
    expect(events[0]).toMatchObject({ kind: 'retrying', error: { code: 'UNAVAILABLE' } });
  });

  it('survives its process at every step, and what it says counts once', async () => {
    // Kill it before and after each call and each write: the store keeps what was written, the link what it was told.
    let deaths = 0;
    for (let death = 0; ; death++) {
      const link = new FakeLink();
      const store = memoryStore();
      let steps = 0;
      let dead = false;
      const step = (): void => {
        if (dead || steps++ === death) {
          dead = true;
          throw new Error('killed');
        }
      };
      const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
        step();
        const result = await work();
        step();
        return result;
      };
      const mortal: Store = {
        get: (key) => store.get(key),
        put: (key, bytes) => guarded(() => store.put(key, bytes)),
        create: (key, bytes) => guarded(() => store.create(key, bytes)),
        delete: (key) => guarded(() => store.delete(key)),
        keys: (prefix) => store.keys(prefix),
      };
      const fetch: FlowerNodeOptions['fetch'] = (url, init) => guarded(() => link.fetch(url, init));
      let replies = 0;
      const replied = link.send('train', await train()).then((reply) => (replies++, reply));
      const controller = new AbortController();
      const first = flowerNode({
        url: 'http://127.0.0.1',
        trainer: plainTrainer(model, examples),
        local: () => local,
        pollInterval: 1,
        store: mortal,
        fetch,
        signal: controller.signal,
        onProgress: () => {},
      })
        .run()
        .catch(() => undefined);
      const killed = new Promise((resolve) => {
        const timer = setInterval(() => {
          if (!dead && replies === 0) return;
          clearInterval(timer);
          controller.abort();
          resolve(first);
        }, 1);
      });
      await killed;
      // Pulled and not yet written is the one moment that no store can cover: Flower's own loss.
      const lost =
        dead && !(await store.get('flower/message')) && replies === 0 && link.calls.includes('pull-messages');
      const second = start(link, { store });
      if (lost) await second.until('online');
      else expect((await replied).records).toBeDefined();
      second.stop();
      await second.ended;
      if (!dead) break;
      deaths += lost ? 1 : 0;
    }
    // After the call that pulls and before the write that keeps it.
    expect(deaths).toBeLessThanOrEqual(2);
  });

  it('pushes again where a session ran out, and lets go of what nobody waits for', async () => {
    const link = new FakeLink();
    let once = true;
    link.hook = (path, request: { sessionId?: string }) => {
      if (path === 'push-object' && once) {
        once = false;
        request.sessionId = 'another';
      }
    };
    const { events } = start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
    link.hook = (path) => {
      if (path === 'push-messages') throw new No(403, 2008);
    };
    void link.send('train', await train());
    while (link.calls.filter((path) => path === 'push-messages').length < 3) await new Promise((r) => setTimeout(r, 1));
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
    // A SuperLink that refuses a reply says so by wanting none of it.
    link.hook = (path, request: { messages: { metadata: { replyToMessageId: string } }[] }) => {
      if (path === 'push-messages') request.messages[0].metadata.replyToMessageId = 'x';
    };
    void link.send('train', await train());
    while (!events.some(({ kind }) => kind === 'discarded')) await new Promise((r) => setTimeout(r, 1));
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('believes no object that is not what its id says, and takes none beyond its limit', async () => {
    const link = new FakeLink();
    start(link, { maximumMessageBytes: 10_000 });
    const flip = (id: string) =>
      link.objects.set(
        id,
        (link.objects.get(id) as Uint8Array).map((byte) => byte ^ 1),
      );
    let flipped = '';
    link.hook = (path, request: { objectId: string }) => {
      if (path === 'pull-object' && flipped === '') flip((flipped = request.objectId));
      if (path === 'push-messages' && link.calls.length > 0 && flipped !== 'mended') {
        flip(flipped);
        flipped = 'mended';
      }
    };
    expect((await link.send('train', await train())).error?.reason).toMatch(/^AUTHENTICATION_FAILED: /);
    const large: [string, FlowerArray] = ['large', await makeArray(new Float32Array(5000), [5000])];
    expect((await link.send('train', await train({}, [large]))).error?.reason).toMatch(/at most 10000 bytes/);
  });

  it('needs neither streams of answers nor parts of URLs, which React Native has not', async () => {
    const link = new FakeLink();
    const { URL } = globalThis;
    stops.push(() => (globalThis.URL = URL));
    globalThis.URL = undefined as never;
    const fetch: FlowerNodeOptions['fetch'] = async (url, init) => {
      const answer = await link.fetch(url, init);
      const { status, headers } = answer;
      return { status, headers, arrayBuffer: () => answer.arrayBuffer() } as Response;
    };
    const { until } = start(link, { fetch, url: 'http://[::1]:8000/behind/' });
    expect((await link.send('train', await train())).records).toBeDefined();
    await until('replied');
  });

  it('ends where its key is not known, and by its caller', async () => {
    const link = new FakeLink();
    link.hook = () => {
      throw new No(401, 0);
    };
    expect(await start(link).ended).toMatchObject({ code: 'AUTHENTICATION_FAILED', details: { status: 401 } });
    const node = start(new FakeLink());
    await node.until('online');
    node.stop();
    expect(await node.ended).toMatchObject({ code: 'ABORTED' });
  });

  it('leaves, and is a new node when it comes again', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    const first = start(link, { store });
    await first.until('online');
    first.stop();
    await first.ended;
    const options = { url: 'http://127.0.0.1', trainer: plainTrainer(model, examples), local: () => local, store };
    await flowerNode({ ...options, fetch: link.fetch }).leave();
    expect([link.online, link.registered, await store.get('flower/node')]).toEqual([false, false, undefined]);
  });

  it('refuses options by name', () => {
    const good = { url: 'https://a', trainer: plainTrainer(model, examples), local: () => local, store: memoryStore() };
    for (const options of [
      { url: 'http://example.org' },
      { url: 'ftp://a' },
      { url: 'https://user:password@a' },
      { url: 'a' },
      { url: 'https://a?b' },
      { url: 'https://a/#b' },
      { url: 'http://127.0.0.1.example.org' },
      { url: 'http://localhost@example.org' },
      { url: 1 },
      { trainer: {} },
      { layout: Layout.of([{ name: 'x', shape: [1] }]) },
      { local: 1 },
      { store: {} },
      { heartbeatInterval: 9 },
      { heartbeatInterval: 1801 },
      { pollInterval: 0 },
    ]) {
      expect(() => flowerNode({ ...good, ...options } as never)).toThrow(
        expect.objectContaining({ name: 'FedkitError' }),
      );
    }
    expect(() => flowerNode({ ...good, url: 'http://example.org', insecure: true })).not.toThrow();
  });
});
