import { Layout, memoryStore, plainTrainer, seededRng } from '@fedkit/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeLink, No } from '../../test/fake-link.ts';
import { vectors } from '../../test/vectors.ts';
import { type FlowerArray, flowerArray, makeArray, readArray } from '../array/flower-array.ts';
import type { FlowerRecords, Values } from '../array/records.ts';
import { makeObject } from '../object/object.ts';
import type { FlowerNodeOptions } from './contract.ts';
import { flowerNode } from './flower-node.ts';
import { model, examples, layout, local, weights, start, train, fromVector, arraysOf } from '../../test/node.ts';

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

  it.each([
    [
      'throws',
      () => {
        throw new Error('of the listener');
      },
    ],
    ['rejects', (): unknown => Promise.reject(new Error('of the listener'))],
  ])('answers where whoever listens %s', async (_, onProgress) => {
    const link = new FakeLink();
    start(link, { onProgress });
    for (let i = 0; i < 2; i++) expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('waits before it asks again where its answer was a failure', async () => {
    const link = new FakeLink();
    const pollInterval = 200;
    const times: [string, number][] = [];
    start(link, {
      pollInterval,
      handlers: { query: () => Promise.reject(new Error('x')) },
      onProgress: ({ kind }) => times.push([kind, performance.now()]),
    });
    const records = await train();
    await Promise.all([link.send('query', records), link.send('query', records, { groupId: '4' })]);
    const timeOf = (kind: string, i: number) => times.filter(([one]) => one === kind)[i][1];
    // Some engines' timers are early by a fraction.
    expect(timeOf('pulled', 1) - timeOf('replied', 0)).toBeGreaterThan(pollInterval - 2);
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
    onTestFinished(() => void (globalThis.URL = URL));
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
