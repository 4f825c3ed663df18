import { describe, expect, it } from 'vitest';
import { ditto } from '../algorithm/ditto.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedRep } from '../algorithm/fed-rep.ts';
import type { LinearAlgorithm } from '../algorithm/contract.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { FedkitError } from '../errors.ts';
import { Layout } from '../model/layout.ts';
import type { NoState } from '../plain-data.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { decodeResponse } from '../protocol/client-message.ts';
import type { Request, Response } from '../protocol/message.ts';
import { decodeRequest, encodeResponse } from '../protocol/server-message.ts';
import { seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/contract.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { federatedClient } from './federated-client.ts';
import { watchModel } from './watch-model.ts';

const SIZE = 40;
const layout = Layout.of([
  { name: 'body', shape: [SIZE - 4] },
  { name: 'head', shape: [4] },
]);
const initial = Float32Array.from({ length: SIZE }, (_, i) => i / 4);
type AnyAlgorithm = LinearAlgorithm<never, never, NoState, never, never>;

async function setUp(algorithm: unknown = fedAvg(), rounds = 2) {
  const clock = virtualClock();
  const pipeline = plainUpdates({ algorithm: algorithm as AnyAlgorithm, layout });
  const server = await federatedServer({
    pipeline,
    initial,
    store: memoryStore(),
    cohort: 1,
    rounds,
    clock: () => clock.now(),
    rng: seededRng(1),
    limits: { partBytes: 100 },
  });
  const requests: Request[] = [];
  let change: (response: Response, request: Request) => Response = (response) => response;
  const device = (id: string, store: Store = memoryStore(), more: object = {}) => {
    const direct = memoryTransport(server, id);
    const exchange: Exchange = async (bytes, options) => {
      const request = decodeRequest(bytes);
      requests.push(request);
      return encodeResponse(change(decodeResponse(await direct(bytes, options)), request));
    };
    return federatedClient({
      id,
      pipeline,
      trainer: quadraticTrainer(
        initial.map((value) => value + 8),
        1,
      ),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange,
      store,
      clock,
      rng: seededRng(id),
      ...more,
    } as unknown as Parameters<typeof federatedClient>[0]);
  };
  const intercept = (next: typeof change) => {
    change = next;
  };
  return { clock, server, device, requests, intercept };
}

const down: Exchange = () => Promise.reject(new FedkitError('UNAVAILABLE', 'down'));

describe('model', () => {
  it('is the published one, for who trained and for who was never asked', async () => {
    const { clock, server, device } = await setUp();
    const client = device('a');
    expect(await client.model()).toMatchObject({ round: 0, params: initial, current: true });
    await clock.run(client.run());
    for (const one of [client, device('bystander')]) {
      const model = await one.model();
      expect(model).toMatchObject({ round: 2, params: server.params, run: server.run, current: true });
      expect(model.layout?.equals(layout)).toBe(true);
      // The caller's to change.
      model.params.fill(0);
      expect((await one.model()).params).toEqual(server.params);
    }
  });

  it('is fetched once, goes on where it stopped, and is there without a network', async () => {
    const { clock, server, device, requests, intercept } = await setUp();
    await clock.run(device('a').run());
    const store = memoryStore();
    requests.length = 0;
    let parts = 0;
    intercept((response) => {
      if (response.kind === 'part' && ++parts === 3) throw new FedkitError('UNAVAILABLE', 'gone');
      return response;
    });
    await expect(device('b', store).model()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await device('b', store).model({ from: 'store' })).toBeUndefined();
    intercept((response) => response);
    requests.length = 0;
    const found = await device('b', store).model();
    expect(found.params).toEqual(server.params);
    // What had arrived was not asked for again.
    expect(requests.flatMap((request) => (request.kind === 'model' ? [request.offset] : []))[0]).toBe(200);
    requests.length = 0;
    const later = device('b', store, { exchange: down });
    expect(await later.model()).toMatchObject({ params: server.params, current: false, round: 2 });
    expect(await later.model({ from: 'store' })).toMatchObject({ params: server.params, current: false });
    await device('b', store).model();
    expect(requests.map(({ kind }) => kind)).toEqual(['published']);
  });

  it('keeps the older one until all of the newer one is there', async () => {
    const { clock, server, device, intercept } = await setUp(fedAvg(), 1);
    const store = memoryStore();
    const watcher = device('w', store);
    await watcher.model();
    await clock.run(device('a').run());
    let parts = 0;
    intercept((response) => {
      if (response.kind === 'part' && ++parts === 2) throw new FedkitError('UNAVAILABLE', 'gone');
      return response;
    });
    expect(await watcher.model()).toMatchObject({ round: 0, params: initial, current: false });
    expect(await device('w', store).model({ from: 'store' })).toMatchObject({ round: 0, params: initial });
    intercept((response) => response);
    expect(await device('w', store).model()).toMatchObject({ round: 1, params: server.params, current: true });
    const keys: string[] = [];
    for await (const key of store.keys('')) keys.push(key);
    // One head, and parts of one model.
    expect(new Set(keys.map((key) => key.split('/')[0])).size).toBe(2);
  });

  it('begins anew where a newer one comes in its midst', async () => {
    const { clock, server, device, intercept } = await setUp(fedAvg(), 1);
    let moved: Promise<void> | undefined;
    const client = device('w');
    intercept((response, request) => {
      if (request.kind === 'model' && request.offset === 100 && !moved) moved = device('a').run();
      return response;
    });
    const asked = (async () => {
      const first = client.model();
      await new Promise((resolve) => setTimeout(resolve, 0));
      return first;
    })();
    const model = await clock.run(asked);
    await clock.run(moved as unknown as Promise<void>);
    expect([initial, server.params]).toContainEqual(model.params);
    expect((await client.model()).params).toEqual(server.params);
  });

  it('is not believed where its bytes are not those of its name', async () => {
    const { device, intercept, server } = await setUp();
    intercept((response) =>
      response.kind === 'part' ? { ...response, bytes: response.bytes.map((byte) => byte ^ 1) } : response,
    );
    const store = memoryStore();
    await expect(device('b', store).model()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    intercept((response) => response);
    expect((await device('b', store).model()).params).toEqual(server.params);
  });

  it('of another pipeline or too long is refused by name', async () => {
    const { device, intercept } = await setUp();
    await expect(device('b', memoryStore(), { maximumModelBytes: 10 }).model()).rejects.toThrow(/maximumModelBytes/);
    const pipeline = plainUpdates({ algorithm: fedAvg(), layout, clientMomentum: 0.5 });
    await expect(device('b', memoryStore(), { pipeline }).model()).rejects.toThrow(/clientMomentum: expected 0/);
    intercept((response) => (response.kind === 'published' ? { kind: 'closed' } : response));
    await expect(device('b').model()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(device('b').model({ from: 'disk' } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(device('b').model({ form: 'store' } as never)).rejects.toThrow(
      /expected one of from, got the unknown option form/,
    );
  });

  it.each([
    ['ditto', () => ditto({ lambda: 0.1, personalOptions: { steps: 3 } })],
    ['fedRep', () => fedRep({ head: layout.select(({ name }) => name === 'head'), initial, headEpochs: 1 })],
  ])('has the own model of a client under %s', async (_name, algorithm) => {
    const { clock, server, device } = await setUp(algorithm());
    const client = device('a');
    await clock.run(client.run());
    const { params, personal } = await client.model();
    expect(params).toEqual(server.params);
    expect(personal).toHaveLength(SIZE);
    expect(personal).not.toEqual(params);
    // One that never trained has what clients start from.
    const stranger = await device('b').model();
    expect(stranger.personal).toEqual(stranger.params);
  });

  it('of a server without rounds is the latest', async () => {
    const { clock, server, device } = await setUp(fedBuff({ bufferSize: 1 }), 2);
    await clock.run(device('a').run());
    expect(await device('b').model()).toMatchObject({ round: 2, params: server.params });
  });
});

describe('watchModel', () => {
  it('tells every newer model once, through outages, until its signal', async () => {
    const { clock, server, device } = await setUp();
    const gone = new AbortController();
    const seen: number[] = [];
    let outages = 3;
    const direct = memoryTransport(server, 'w');
    const watcher = device('w', memoryStore(), {
      exchange: ((bytes, options) => (outages-- > 0 ? down(bytes) : direct(bytes, options))) as Exchange,
    });
    const failures: number[] = [];
    const watching = watchModel(
      watcher,
      ({ round }) => {
        seen.push(round);
        if (round === 2) gone.abort();
      },
      { signal: gone.signal, milliseconds: 100, clock, onFailure: (_error, wait) => failures.push(wait) },
    );
    const training = device('a');
    await clock.run(
      Promise.all([
        watching,
        (async () => {
          await new Promise<void>((resolve) => clock.after(2000, () => resolve()));
          for (;;) {
            const { next, milliseconds } = await training.step();
            if (next === 'closed') return;
            await new Promise<void>((resolve) => clock.after(milliseconds + 200, () => resolve()));
          }
        })(),
      ]),
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(failures).toEqual([200, 400, 800]);
  });

  it('goes on where whoever hears of failures rejects, and ends where whoever gets models does', async () => {
    const { clock, device } = await setUp();
    let outages = 2;
    const watcher = device('w');
    const client = {
      model: () => (outages-- > 0 ? Promise.reject(new FedkitError('UNAVAILABLE', 'down')) : watcher.model()),
    };
    const { signal } = new AbortController();
    const onFailure = (): unknown => Promise.reject(new Error('of the listener'));
    const listener = () => Promise.reject(new Error('no room for a model'));
    await expect(
      clock.run(watchModel(client, listener, { signal, milliseconds: 100, clock, onFailure })),
    ).rejects.toThrow('no room for a model');
    expect(outages).toBe(-1);
  });

  it('stops with what does not pass', async () => {
    const { clock, device } = await setUp();
    const { signal } = new AbortController();
    const small = device('w', memoryStore(), { maximumModelBytes: 1 });
    await expect(clock.run(watchModel(small, () => {}, { signal, clock }))).rejects.toThrow(/maximumModelBytes/);
    const whole = device('w');
    await expect(watchModel(whole, () => {}, {} as never)).rejects.toThrow(/signal: expected an AbortSignal/);
    await expect(watchModel(whole, 1 as never, { signal })).rejects.toThrow(/listener: expected a function/);
    await expect(watchModel({} as never, () => {}, { signal })).rejects.toThrow(/client: expected a client/);
  });
});
