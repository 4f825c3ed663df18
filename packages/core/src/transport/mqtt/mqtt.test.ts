import { sha256 } from '@noble/hashes/sha2.js';
import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, mosquitto, startMosquitto } from '../../../test/mosquitto.ts';
import { slowness } from '../../../test/slowness.ts';
import { type Connection, checkLaws, exchangeLaws } from '../../conformance/index.ts';
import type { RequestHandler } from '../../protocol/exchange.ts';
import { seededRng } from '../../random.ts';
import { decodeResponse, encodeRequest } from '../../protocol/client-message.ts';
import { decodeRequest, encodeResponse } from '../../protocol/server-message.ts';
import { encodePiece } from '../piece.ts';
import { mqttExchange, type MqttExchangeOptions } from './exchange.ts';
import { encodeUp } from './frame.ts';
import { mqttServer, type MqttServerOptions } from './server.ts';

const bytes = (length: number, seed: number | string = 1) => seededRng(seed).fill(new Uint8Array(length));
const refused = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe.skipIf(mosquitto === undefined)('MQTT over mosquitto', () => {
  let broker: Broker;
  let serverClient: MqttClient;
  const ends: (() => Promise<void>)[] = [];
  let topics = 0;
  beforeAll(async () => {
    broker = await startMosquitto({ packetBytes: 20_000 });
    serverClient = await broker.client();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => broker.close());

  /** A place of its own on the broker. */
  function place() {
    const prefix = `test/${topics++}`;
    const handled: { client: string; request: Uint8Array }[] = [];
    return {
      prefix,
      handled,
      serve: async (
        options: Partial<MqttServerOptions> = {},
        handle?: (request: Uint8Array) => Promise<Uint8Array>,
      ) => {
        const server = await mqttServer(
          {
            handle: async (client, request) => {
              handled.push({ client, request: request.slice() });
              return handle === undefined ? sha256(request) : handle(request);
            },
          },
          { client: serverClient, prefix, packetBytes: 20_000, insecure: true, ...options } as MqttServerOptions,
        );
        ends.push(() => server.close());
        return server;
      },
      ask: async (id: string, options: Partial<Omit<MqttExchangeOptions, 'client'>> & { client?: MqttClient } = {}) => {
        const client = options.client ?? (await broker.client());
        const exchange = mqttExchange({ client, prefix, id, packetBytes: 20_000, firstDelay: 5, ...options });
        ends.push(() => exchange.close());
        return exchange;
      },
    };
  }

  describe('by the laws of a transport', () => {
    const connect = async (handler: RequestHandler): Promise<Connection> => {
      const { prefix, ask } = place();
      const onError = () => undefined;
      const settings = { client: serverClient, prefix, packetBytes: 20_000, insecure: true, onError } as const;
      const server = await mqttServer(handler, settings);
      ends.push(() => server.close());
      return { exchange: (client) => ask(client, { attempts: 2 }) };
    };
    checkLaws(it, exchangeLaws({ connect }));
  });

  it('carries requests and responses of any length, in packets the broker takes', async () => {
    const { serve, ask, handled } = place();
    await serve({}, async (request) => bytes(3 * request.length, 'response'));
    const exchange = await ask('a');
    for (const length of [0, 1, 15_000, 20_000, 100_001]) {
      const response = await exchange(bytes(length));
      expect(Buffer.compare(response, bytes(3 * length, 'response'))).toBe(0);
      const { client, request } = handled[handled.length - 1];
      expect([client, Buffer.compare(request, bytes(length))]).toEqual(['a', 0]);
    }
    expect(handled).toHaveLength(5);
  });

  it.each([4, 5] as const)(
    'finds out what the broker takes, and says so once it has cost connections: MQTT %i',
    async (protocolVersion) => {
      const { prefix, serve, ask } = place();
      const errors: unknown[] = [];
      const clients = await Promise.all([broker.client({ protocolVersion }), broker.client({ protocolVersion })]);
      let closings = 0;
      for (const client of clients) client.on('close', () => closings++);
      // Both ends believe in 128 KiB; the broker closes the connection over more than 20,000 bytes.
      const unsaid = { packetBytes: 131_072, prefix };
      const server = { ...unsaid, client: clients[0], onError: (error: unknown) => errors.push(error) };
      await serve(server as never, async (request) => bytes(3 * request.length, 'response'));
      const exchange = await ask('a', { ...unsaid, client: clients[1], timeout: 60_000 } as never);
      for (const length of [100_001, 50_000]) {
        expect(Buffer.compare(await exchange(bytes(length)), bytes(3 * length, 'response'))).toBe(0);
      }
      // Two for every halving, three halvings each.
      expect(closings).toBeLessThanOrEqual(14);
      const messages = errors.map((error) => (error as Error).message);
      expect(messages.length).toBeLessThanOrEqual(4);
      for (const message of messages)
        expect(message).toMatch(/^mqtt: packetBytes: expected packets that the broker takes/);
      const before = closings;
      await exchange(bytes(100_001, 2));
      expect(closings).toBe(before);
    },
  );

  it('answers many clients at once, each its own', async () => {
    const { serve, ask, handled } = place();
    await serve();
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const exchange = await ask(`client ${i}`);
        const requests = Array.from({ length: 5 }, (_unused, j) => bytes(1 + 9000 * j, `${i} ${j}`));
        const responses = await Promise.all(requests.map((request) => exchange(request)));
        expect(responses).toEqual(requests.map((request) => sha256(request)));
      }),
    );
    for (const { client, request } of handled) {
      const seeds = Array.from({ length: 5 }, (_, j) => `${client.slice(7)} ${j}`);
      expect(seeds.some((seed) => Buffer.compare(bytes(request.length, seed), request) === 0)).toBe(true);
    }
  });

  it('comes through a broker that dies and comes back', async () => {
    const { serve, ask } = place();
    const own = await startMosquitto();
    ends.push(() => own.close());
    await serve({ client: await own.client() });
    const exchange = await ask('a', { client: await own.client(), attempts: 50, timeout: 200 });
    await exchange(bytes(10));
    await own.kill();
    const waiting = exchange(bytes(60_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await own.restart();
    expect(await waiting).toEqual(sha256(bytes(60_000)));
  });

  it('tolerates messages that come twice', async () => {
    const { serve, ask, handled } = place();
    await serve();
    const client = await broker.client();
    const publish = client.publish.bind(client) as (...a: unknown[]) => MqttClient;
    const twice = Object.assign(Object.create(client) as MqttClient, {
      publish: (topic: string, payload: Buffer, options: object, callback: () => void) => {
        publish(topic, payload, options);
        return publish(topic, payload, options, callback);
      },
    });
    const exchange = await ask('a', { client: twice });
    for (const length of [10, 50_000]) expect(await exchange(bytes(length))).toEqual(sha256(bytes(length)));
    expect(handled.map(({ request }) => request.length)).toEqual([10, 10, 50_000]);
  });

  it('lets the broker authenticate, and refuses strangers', async () => {
    const users = { server: 's', a: '1', b: '2' };
    const access = [
      'user server',
      'topic readwrite fedkit/#',
      '',
      'pattern write fedkit/up/%u',
      'pattern read fedkit/down/%u',
    ];
    const own = await startMosquitto({ users, access });
    ends.push(() => own.close());
    const known = new Map([['a', 'the first client']]);
    const { handled, serve, ask } = place();
    await serve({
      client: await own.client({ username: 'server', password: 's' }),
      prefix: 'fedkit',
      insecure: false,
      authenticate: (id) => known.get(id),
    } as Partial<MqttServerOptions>);
    const [a, b] = [
      await own.client({ username: 'a', password: '1' }),
      await own.client({ username: 'b', password: '2' }),
    ];
    const options = { prefix: 'fedkit', attempts: 2, timeout: 150 * slowness() };
    await (await ask('a', { client: a, ...options }))(bytes(1));
    expect(await refused((await ask('b', { client: b, ...options }))(bytes(2)))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    });
    // The broker lets nobody publish as another, or listen.
    expect(await refused((await ask('a', { client: b, ...options }))(bytes(3)))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(handled.map(({ client, request }) => [client, request.length])).toEqual([['the first client', 1]]);
    await expect(own.client({ username: 'a', password: '2', reconnectPeriod: 0 })).rejects.toThrow();
  });

  it('refuses to be without authentication', async () => {
    const handler = { handle: async (_client: string, request: Uint8Array) => request };
    for (const options of [{}, { insecure: false }, { authenticate: () => 'a', insecure: true }]) {
      const { prefix } = place();
      await expect(mqttServer(handler, { client: serverClient, prefix, ...options } as never)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  it('drops hostile messages, answers what it can, and lives on', async () => {
    const { serve, ask, prefix, handled } = place();
    const errors: unknown[] = [];
    await serve({ limits: { requestBytes: 30_000 }, onError: (error) => errors.push(error) });
    const client = await broker.client();
    const id = bytes(8);
    const piece = { digest: bytes(32), total: 2 ** 50, offset: 0, bytes: bytes(10) };
    for (const payload of [
      new Uint8Array(0),
      Uint8Array.of(9, 9, 9),
      bytes(1000),
      encodeUp({ kind: 'piece', id, piece }),
      encodeUp({ kind: 'piece', id, piece: { ...piece, total: 10 } }),
      encodeUp({ kind: 'piece', id, piece: { ...piece, total: 5 } }),
    ]) {
      client.publish(`${prefix}/up/evil`, Buffer.from(payload), { qos: 1, retain: false });
    }
    client.publish(`${prefix}/up/a/b`, Buffer.from(encodeUp({ kind: 'whole', id, request: bytes(1) })));
    const exchange = await ask('a', { client });
    expect(await exchange(bytes(30_000))).toEqual(sha256(bytes(30_000)));
    expect(await refused(exchange(bytes(30_001)))).toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(handled).toHaveLength(1);
    expect(errors).toHaveLength(0);
  });

  it('ignores answers that nobody asked for, and refuses those too long', async () => {
    const { serve, ask, prefix } = place();
    await serve({}, async () => bytes(50_000));
    const client = await broker.client();
    for (const payload of [new Uint8Array(0), bytes(100), new Uint8Array(10)]) {
      serverClient.publish(`${prefix}/down/a`, Buffer.from(payload), { qos: 1, retain: true });
    }
    const exchange = await ask('a', { client, responseBytes: 49_999 });
    expect(await refused(exchange(bytes(1)))).toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('says no more about its own faults than that they may pass', async () => {
    const { serve, ask } = place();
    const errors: unknown[] = [];
    await serve({ onError: (error) => errors.push(error) }, () => Promise.reject(new Error('secret')));
    const error = await refused((await ask('a', { attempts: 2 }))(bytes(1)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(String(error)).not.toContain('secret');
    expect(errors).toHaveLength(2);
  });

  it('stops when the caller says so, and when it is closed', async () => {
    const { ask } = place();
    const exchange = await ask('a');
    const controller = new AbortController();
    const asked = refused(exchange(bytes(1), { signal: controller.signal }));
    const model = encodeRequest({ kind: 'model', digest: bytes(32), offset: 0 });
    const waiting = refused(exchange(model, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    controller.abort();
    expect(await asked).toMatchObject({ code: 'ABORTED' });
    expect(await waiting).toMatchObject({ code: 'ABORTED' });
    const last = refused(exchange(bytes(1)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await exchange.close();
    expect(await last).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await refused(exchange(bytes(1)))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  describe('with a model', () => {
    /** A server of tasks and models, which counts who asks it for models. */
    async function serveModels(models: Uint8Array[], options: Partial<MqttServerOptions> = {}) {
      const here = place();
      const state = { current: 0, asked: 0 };
      await here.serve(options, async (bytesOfRequest) => {
        const request = decodeRequest(bytesOfRequest);
        const model = models[state.current];
        if (request.kind === 'model') {
          state.asked++;
          const part = model.subarray(request.offset, request.offset + 30_000);
          return encodeResponse({ kind: 'part', total: model.length, offset: request.offset, bytes: part });
        }
        const task = { run: bytes(16), round: 1, ticket: 1, pipelineDigest: bytes(32), expiresIn: 0 };
        const parameters = new Uint8Array(0);
        const announced = { ...task, modelDigest: sha256(model), modelLength: model.length, parameters };
        return encodeResponse({ kind: 'task', task: announced });
      });
      return { ...here, state };
    }

    /** Joins, and downloads the model that its task names. */
    async function download(exchange: (request: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
      const joined = decodeResponse(await exchange(encodeRequest({ kind: 'join' })));
      if (joined.kind !== 'task') throw new Error(joined.kind);
      const { modelDigest: digest, modelLength } = joined.task;
      const model = new Uint8Array(modelLength);
      for (let offset = 0; offset < modelLength; ) {
        const part = decodeResponse(await exchange(encodeRequest({ kind: 'model', digest, offset })));
        if (part.kind !== 'part') throw new Error(part.kind);
        model.set(part.bytes, offset);
        offset += part.bytes.length;
      }
      return model;
    }

    it('has it from the broker, however many clients there are', async () => {
      const models = [bytes(200_000, 'first'), bytes(100_000, 'second')];
      const { ask, state, handled } = await serveModels(models);
      const exchanges = await Promise.all(Array.from({ length: 5 }, (_, i) => ask(`${i}`)));
      for (const current of [0, 1]) {
        state.current = current;
        state.asked = 0;
        for (const model of await Promise.all(exchanges.map((exchange) => download(exchange)))) {
          expect(Buffer.compare(model, models[current])).toBe(0);
        }
        // By the publisher alone.
        expect(state.asked).toBe(Math.ceil(models[current].length / 30_000));
      }
      expect(
        new Set(handled.filter(({ request }) => decodeRequest(request).kind === 'join').map((h) => h.client)).size,
      ).toBe(5);
    });

    it('has it from the server where the broker keeps none, or another', async () => {
      const models = [bytes(100_000, 'first')];
      const { ask, prefix, state } = await serveModels(models);
      const client = await broker.client();
      const lost: string[] = [];
      for (const event of ['error', 'close', 'reconnect'] as const) client.on(event, () => lost.push(event));
      const exchange = await ask('a', { client, modelTimeout: 500 });
      await download(exchange);
      state.asked = 0;
      const other = bytes(500);
      for (let i = 0; i < 10; i++) {
        const lie = encodePiece({ digest: sha256(other), total: 500, offset: 0, bytes: other });
        // Another model, any bytes, and too few to be a piece.
        const payload = [lie, bytes(60), bytes(5)][i % 3];
        await serverClient.publishAsync(`${prefix}/model/${i}`, Buffer.from(payload), { qos: 1, retain: true });
      }
      expect(Buffer.compare(await download(exchange), models[0])).toBe(0);
      expect(state.asked).toBe(4);
      // What a stranger left there costs nobody the connection.
      expect(lost).toEqual([]);
    });

    it('does not believe a model that is not what its digest says', async () => {
      const models = [bytes(10_000, 'first')];
      const { ask, prefix, state } = await serveModels(models);
      const exchange = await ask('a', { modelTimeout: 500 });
      await download(exchange);
      state.asked = 0;
      const digest = sha256(models[0]);
      const forged = encodePiece({ digest, total: 10_000, offset: 0, bytes: bytes(10_000, 'forged') });
      await serverClient.publishAsync(`${prefix}/model/0`, Buffer.from(forged), { qos: 1, retain: true });
      const huge = encodePiece({ digest, total: 2 ** 52, offset: 0, bytes: bytes(10) });
      await serverClient.publishAsync(`${prefix}/model/7`, Buffer.from(huge), { qos: 1, retain: true });
      expect(Buffer.compare(await download(exchange), models[0])).toBe(0);
      expect(state.asked).toBe(1);
    });
  });
});
