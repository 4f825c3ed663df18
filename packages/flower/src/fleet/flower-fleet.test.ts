import {
  fedAvg,
  fedDyn,
  federatedClient,
  fedProx,
  memoryStore,
  mimeLite,
  plainTrainer,
  plainUpdates,
  scaffold,
  seededRng,
  serverSgd,
} from '@fedkit/core';
import { decodeResponse, encodeRequest, encodeResponse } from '@fedkit/core/protocol';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { describe, expect, it, vi } from 'vitest';
import { pemOf } from '../key/der.ts';
import { webCryptoKeys } from '../key/node-key.ts';
import { makeArray } from '../array/flower-array.ts';
import { type FlowerRecords, writeRecords } from '../array/records.ts';
import { makeObject, objectId } from '../object/object.ts';
import { objectsOf, treeOf } from '../object/tree.ts';
import {
  ACTIVATE,
  DEACTIVATE,
  type Envelope,
  GET_FAB,
  GET_RUN,
  HEARTBEAT,
  type Metadata,
  PULL_MESSAGES,
  PULL_OBJECT,
  PUSH_MESSAGES,
  PUSH_OBJECT,
  REGISTER,
} from '../proto/messages.ts';
import {
  model,
  layout,
  examplesOf,
  local,
  app,
  pipeline,
  serverOf,
  fleetOf,
  nodeOf,
  callerOf,
  pause,
  until,
} from '../../test/fleet.ts';

describe('flowerFleet', () => {
  it('brings Flower nodes and native clients into one exact mean', async () => {
    const server = await serverOf(4, 3);
    const config = { lr: 0.5 };
    const { fetch, events } = await fleetOf(server as never, { config: () => config });
    for (const i of [0, 1])
      nodeOf(fetch, i, { local: ({ config: { lr } }) => ({ ...local, learningRate: Number(lr) }) });
    const clients = [2, 3].map((i) =>
      federatedClient({
        id: `native ${i}`,
        pipeline,
        trainer: plainTrainer(model, examplesOf(i)),
        local: () => local,
        exchange: memoryTransport(server, `native ${i}`),
        store: memoryStore(),
      }).run(),
    );
    await Promise.all(clients);
    // The same by hand. A Flower node answers w + Δ rounded, of which the fleet takes w off again.
    const algorithm = fedAvg();
    let state = algorithm.init(new Float32Array(layout.size));
    for (let round = 1; round <= 3; round++) {
      const { params } = algorithm.broadcast(state);
      const aggregator = algorithm.aggregator(layout.size);
      const sum = aggregator.create();
      for (const i of [0, 1, 2, 3]) {
        const { values, examples } = await plainTrainer(model, examplesOf(i)).train(
          params,
          {},
          { ...local, rng: seededRng(1) },
        );
        const update = values.map((value, k) => (i < 2 ? Math.fround(params[k] + value) - params[k] : value));
        aggregator.accumulate(sum, { values: { update }, weight: examples });
      }
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 4, population: 4 });
    }
    expect(server.params).toEqual(algorithm.params(state));
    for (const { contributors } of await server.records()) {
      expect(contributors.filter((name) => /^flower-[0-9a-f]{32}$/.test(name))).toHaveLength(2);
    }
    expect(events.filter(({ kind }) => kind === 'reported')).toHaveLength(6);
    expect(events.filter(({ kind }) => kind === 'failed' || kind === 'fault')).toEqual([]);
  });

  it('gives a message again to a node that died with it, and lets it go after some deliveries', async () => {
    const server = await serverOf(1, 1);
    const { fetch, events } = await fleetOf(server as never, { limits: { deliveries: 2 } });
    const { call, publicKey } = await callerOf(fetch);
    const { nodeId } = await call(ACTIVATE, { publicKey, heartbeatInterval: 30 });
    const node = { nodeId };
    const pull = async () => (await call(PULL_MESSAGES, { node })).messages[0]?.metadata?.messageId;
    let first: string | undefined;
    for (; first === undefined; await pause()) first = await pull();
    expect(await pull()).toBe(first);
    expect(await pull()).toBeUndefined();
    expect(events.map(({ kind }) => kind)).toEqual(['activated', 'delivered', 'delivered', 'failed']);
  });

  it('lets a node go that says it leaves, tells of it, and gives its message to another', async () => {
    const server = await serverOf(1, 1);
    const { fetch, events } = await fleetOf(server as never);
    const online = async () => {
      const { call, publicKey } = await callerOf(fetch);
      const { nodeId } = await call(ACTIVATE, { publicKey, heartbeatInterval: 30 });
      const pull = async () => (await call(PULL_MESSAGES, { node: { nodeId } })).messages.length;
      return { pull, leave: () => call(DEACTIVATE, { nodeId }) };
    };
    const [one, other] = [await online(), await online()];
    const pulled = async ({ pull }: typeof one) => {
      for (let tries = 0; tries < 2000; tries++, await pause()) if ((await pull()) > 0) return true;
      return false;
    };
    expect(await pulled(one)).toBe(true);
    expect(await other.pull()).toBe(0);
    await one.leave();
    expect(events.at(-1)?.kind).toBe('left');
    expect(await pulled(other)).toBe(true);
    const clients = events.flatMap((event) => ('client' in event ? [event.client] : []));
    expect(events.map(({ kind }) => kind)).toEqual(['activated', 'activated', 'delivered', 'left', 'delivered']);
    expect(clients).toEqual([clients[0], clients[1], clients[0], clients[0], clients[1]]);
    expect(clients[1]).not.toBe(clients[0]);
  });

  it('takes a reply that a node pushes by hand, and nothing that it was not asked', async () => {
    const server = await serverOf(1, 1);
    const { fetch, events } = await fleetOf(server as never);
    const { call, publicKey } = await callerOf(fetch);
    const { nodeId } = await call(ACTIVATE, { publicKey, heartbeatInterval: 30 });
    const node = { nodeId };
    let metadata: Metadata | undefined;
    for (; metadata === undefined; await pause())
      metadata = (await call(PULL_MESSAGES, { node })).messages[0]?.metadata;
    const { runId } = metadata;
    const { run } = await call(GET_RUN, { node, runId });
    expect(run).toMatchObject({ fabId: app.id, fabVersion: app.version, status: { status: 'running' } });
    const { fab } = await call(GET_FAB, { node, runId, hash: run?.fabHash as string });
    expect(fab?.content).toEqual(app.bytes);
    expect(await objectId(app.bytes)).toBe(run?.fabHash);
    // As SuperLink says it of a run that is not, or that has no such app.
    const unknown = { details: { status: 403, flower: 2008 } };
    await expect(call(GET_FAB, { node, runId, hash: '0'.repeat(64) })).rejects.toMatchObject(unknown);
    await expect(call(PULL_OBJECT, { node, runId: runId + 1n, objectId: '0'.repeat(64) })).rejects.toMatchObject(
      unknown,
    );
    expect((await call(HEARTBEAT, { node, heartbeatInterval: 30 })).success).toBe(true);
    expect(await call(PULL_OBJECT, { node, runId, objectId: '0'.repeat(64) })).toMatchObject({ found: false });

    const arrays = new Map<string, Awaited<ReturnType<typeof makeArray>>>();
    for (const { name, shape, size } of layout.tensors) {
      arrays.set(name, await makeArray(new Float32Array(size).fill(0.5), shape));
    }
    const records: FlowerRecords = {
      a: { kind: 'arrays', arrays },
      m: { kind: 'metrics', values: { 'num-examples': 3n, other: 0.5 } },
    };
    const own: Metadata = {
      ...metadata,
      messageId: '',
      replyToMessageId: metadata.messageId,
      srcNodeId: nodeId,
      dstNodeId: 1n,
    };
    const root = await makeObject('Message', [await writeRecords(records)], new Uint8Array(0));
    const push = (envelope: Envelope) =>
      call(PUSH_MESSAGES, { node, messages: [envelope], trees: [treeOf(root)], runtimes: [0] });
    const stranger = await push({
      metadata: { ...own, messageId: root.id, replyToMessageId: '1'.repeat(64) },
      content: {},
    });
    expect(stranger.wanted).toEqual([]);
    const { wanted, sessionId } = await push({ metadata: { ...own, messageId: root.id }, content: {} });
    const objects = objectsOf(root);
    expect(new Set(wanted)).toEqual(new Set(objects.map(({ id }) => id)));
    const put = async (id: string, content: Uint8Array, session = sessionId) =>
      (await call(PUSH_OBJECT, { node, runId, objectId: id, content, sessionId: session })).stored;
    expect(await put(objects[0].id, objects[1].bytes)).toBe(false);
    expect(await put(await objectId(Uint8Array.of(1)), Uint8Array.of(1))).toBe(false);
    expect(await put(objects[0].id, objects[0].bytes, 'another session')).toBe(false);
    for (const { id, bytes } of objects) {
      expect(await put(id, bytes)).toBe(true);
      if (id !== root.id) expect(await put(id, bytes)).toBe(true);
    }
    // The reply is stored; the round closes behind it, in turns of its own.
    await vi.waitFor(() => expect(server.progress.phase).toBe('finished'));
    expect(server.params).toEqual(new Float32Array(layout.size).fill(0.5));
    expect(events.at(-1)).toMatchObject({ kind: 'reported', round: 1, metrics: { 'num-examples': 3n, other: 0.5 } });
  });

  it.each([
    [
      'no examples',
      (records: FlowerRecords) => ({ ...records, m: { kind: 'metrics', values: { 'num-examples': 0n } } }),
    ],
    ['another weight', (records: FlowerRecords) => ({ ...records, m: { kind: 'metrics', values: { examples: 1n } } })],
    ['no metrics', ({ a }: FlowerRecords) => ({ a })],
    ['two array records', (records: FlowerRecords) => ({ ...records, b: records.a })],
    ['no arrays', ({ m }: FlowerRecords) => ({ m })],
    ['other arrays', (records: FlowerRecords) => ({ ...records, a: { kind: 'arrays', arrays: new Map() } })],
  ] as const)('lets go of a node whose reply has %s, and takes another', async (_name, spoil) => {
    const server = await serverOf(1, 1);
    const { fetch, events } = await fleetOf(server as never);
    const handlers = {
      train: async (records: FlowerRecords) => {
        const a = Object.values(records).find(({ kind }) => kind === 'arrays') as FlowerRecords[string];
        return spoil({ a, m: { kind: 'metrics', values: { 'num-examples': 1n } } }) as FlowerRecords;
      },
    };
    const bad = nodeOf(fetch, 0, { handlers });
    await until(() => events.some(({ kind }) => kind === 'failed'));
    await bad.stop();
    nodeOf(fetch, 1);
    await until(() => server.progress.phase === 'finished');
    expect(events.find(({ kind }) => kind === 'failed')).toMatchObject({
      reason: expect.stringMatching(/SHAPE|RANGE/),
    });
  });

  it('hears a node that says it failed', async () => {
    const server = await serverOf(1, 1);
    const { fetch, events } = await fleetOf(server as never);
    nodeOf(fetch, 0, {
      trainer: { ...plainTrainer(model, examplesOf(0)), train: () => Promise.reject(new RangeError('x')) },
    });
    await until(() => events.some(({ kind }) => kind === 'failed'));
    expect(events.find(({ kind }) => kind === 'failed')).toMatchObject({ reason: 'code 2: RangeError' });
  });

  it('lets in keys that are allowed, and no others', async () => {
    const server = await serverOf(1, 1);
    const keys = webCryptoKeys();
    const allowed = await keys.generate();
    const { fetch } = await fleetOf(
      server as never,
      {
        selfRegistration: false,
        allowedKeys: [new TextDecoder().decode(pemOf(allowed.publicKey))],
      } as never,
    );
    const stranger = await callerOf(fetch);
    for (const [call, request] of [
      [REGISTER, { publicKey: stranger.publicKey }],
      [ACTIVATE, { publicKey: stranger.publicKey, heartbeatInterval: 30 }],
      [PULL_MESSAGES, { node: { nodeId: 1n } }],
    ] as const) {
      await expect(stranger.call(call as never, request as never)).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
      });
    }
    // Registration is refused to it as a SuperLink with authentication refuses it, and it goes on to activate.
    const { events } = nodeOf(fetch, 0, { keys: { ...keys, generate: async () => allowed } });
    await until(() => server.progress.phase === 'finished');
    expect(events.map(({ kind }) => kind)).not.toContain('registered');
    await expect(fleetOf(server as never, { selfRegistration: undefined } as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(
      fleetOf(server as never, { selfRegistration: false, allowedKeys: ['x'] } as never),
    ).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
  });

  it('takes a signature once, of now, by the key that it names, for that node alone', async () => {
    const server = await serverOf(1, 1);
    const { fleet, fetch } = await fleetOf(server as never);
    const requests: Request[] = [];
    const { call, publicKey, key } = await callerOf((url, init) => {
      requests.push(new Request(url, init));
      return fetch(url, init);
    });
    await call(ACTIVATE, { publicKey, heartbeatInterval: 30 });
    expect((await fleet(requests[0])).status).toBe(401);
    for (const age of [-6_000, 301_000]) {
      const other = await callerOf(fetch, Date.now() - age);
      await expect(other.call(ACTIVATE, { publicKey, heartbeatInterval: 30 })).rejects.toMatchObject({
        details: { status: 401 },
      });
    }
    const { call: forged } = await callerOf((url, init) => {
      const headers = {
        ...(init.headers as Record<string, string>),
        'flwr-public-key': btoa(String.fromCharCode(...pemOf(key.publicKey))),
      };
      return fetch(url, { ...init, headers });
    });
    await expect(forged(ACTIVATE, { publicKey, heartbeatInterval: 30 })).rejects.toMatchObject({
      details: { status: 401 },
    });
    await expect(call(HEARTBEAT, { node: { nodeId: 1n }, heartbeatInterval: 30 })).rejects.toMatchObject({
      details: { status: 401 },
    });
    for (const interval of [9, 1801, Number.NaN]) {
      await expect(call(ACTIVATE, { publicKey, heartbeatInterval: interval })).rejects.toMatchObject({
        details: { flower: 2003 },
      });
    }
  });

  it('bounds requests before it keeps a byte, and replies as they come', async () => {
    const server = await serverOf(1, 1);
    const { fleet, fetch, events } = await fleetOf(server as never, { limits: { replyObjects: 5 } });
    let body = new Uint8Array(2_000_000);
    const { call, publicKey } = await callerOf((url, init) => fetch(url, { ...init, body }));
    await expect(call(ACTIVATE, { publicKey, heartbeatInterval: 30 })).rejects.toMatchObject({
      details: { status: 413 },
    });
    body = Uint8Array.of(0xff);
    await expect(call(ACTIVATE, { publicKey, heartbeatInterval: 30 })).rejects.toMatchObject({
      details: { status: 400, flower: 1003 },
    });
    for (const [path, init, status] of [
      ['/v1/fleet/nothing', { method: 'POST' }, 404],
      ['/v1/fleet/__proto__', { method: 'POST' }, 404],
      ['/', { method: 'GET' }, 404],
      ['/v1/fleet/pull-messages', { method: 'GET' }, 405],
      ['/v1/fleet/pull-messages', { method: 'POST' }, 415],
      ['/v1/fleet/pull-messages', { method: 'POST', headers: { 'content-type': 'application/protobuf' } }, 401],
    ] as const) {
      expect((await fleet(new Request(`http://localhost${path}`, init))).status).toBe(status);
    }
    nodeOf(fetch, 0);
    await until(() => events.some(({ kind }) => kind === 'failed'));
    expect(events.find(({ kind }) => kind === 'failed')).toMatchObject({
      reason: expect.stringMatching(/at most 5 objects/),
    });
  });

  it('keeps few replies under way at a time, and takes all of them', async () => {
    const server = await serverOf(6, 1);
    const { fetch } = await fleetOf(server as never, { limits: { replies: 1 } });
    for (let i = 0; i < 6; i++) nodeOf(fetch, i);
    await until(() => server.progress.phase === 'finished');
    expect((await server.records())[0].contributors).toHaveLength(6);
  });

  it('serves a server that was started anew on its store, and a fleet with nothing of its own', async () => {
    const store = memoryStore();
    const first = await serverOf(2, 2, store);
    const before = await fleetOf(first as never);
    let fetch = before.fetch;
    const nodes = [0, 1].map((i) => nodeOf((url, init) => fetch(url, init), i));
    await until(() => before.events.some(({ kind }) => kind === 'delivered'));
    await first.close();
    const second = await serverOf(2, 2, store);
    ({ fetch } = await fleetOf(second as never));
    await until(() => second.progress.phase === 'finished');
    expect((await second.records()).map(({ contributors }) => contributors.length)).toEqual([2, 2]);
    expect(nodes).toHaveLength(2);
  });

  it('tells a node to try again while the server cannot take its report', async () => {
    const server = await serverOf(1, 1);
    let refusals = 2;
    const failing = {
      run: server.run,
      handle: async (client: string, request: Uint8Array) => {
        const isReport = request[4] === encodeRequest({ kind: 'report', ticket: 1, bytes: new Uint8Array(0) })[4];
        if (isReport && refusals-- > 0) return encodeResponse({ kind: 'refused', code: 'UNAVAILABLE', message: 'no' });
        return server.handle(client, request);
      },
    };
    const { fetch, events } = await fleetOf(failing as never);
    nodeOf(fetch, 0);
    await until(() => server.progress.phase === 'finished');
    expect(events.at(-1)).toMatchObject({ kind: 'reported' });
    expect(decodeResponse(await server.handle('x', encodeRequest({ kind: 'join' }))).kind).toBe('closed');
  });

  it("asks for FedProx's μ, and refuses what no ClientApp does", async () => {
    const server = await serverOf(1, 1);
    const of = (algorithm: unknown) =>
      fleetOf(server as never, {
        pipeline: plainUpdates({ algorithm: algorithm as never, layout }) as never,
      });
    await of(fedProx({ mu: 0.1 }));
    await of(fedAvg({ server: serverSgd({ learningRate: 1, momentum: 0.9 }) }));
    for (const algorithm of [
      scaffold(),
      fedDyn({ alpha: 0.1 }),
      mimeLite({ base: { kind: 'sgd', momentum: 0.9 } as never }),
    ]) {
      await expect(of(algorithm)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});
