import { describe, expect, it } from 'vitest';
import { coarse, ScriptedServer } from '../../test/device/scripted-server.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { FedkitError } from '../errors.ts';
import { Layout } from '../model/layout.ts';
import type { Request, Response, RoundTask } from '../protocol/message.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/contract.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { freshRecord } from './client-record.ts';
import { federatedClient } from './federated-client.ts';

const SIZE = 2;

function setUp(tickets = 1) {
  const server = new ScriptedServer(coarse(fedAvg(), SIZE), new Float32Array(SIZE), 1, tickets);
  const store = memoryStore();
  const clock = virtualClock();
  const events: { kind: string; code?: string; reason?: string }[] = [];
  let trainings = 0;
  const trainer = quadraticTrainer(Float32Array.of(8, 16), 1);
  const options = {
    id: 'a',
    pipeline: server.pipeline,
    trainer: {
      ...trainer,
      train(...args: Parameters<typeof trainer.train>) {
        trainings++;
        return trainer.train(...args);
      },
    },
    local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }) as const,
    exchange: memoryTransport(server, 'a'),
    store,
    clock,
    onProgress: (event: { kind: string; error?: FedkitError; reason?: string }) => {
      const { kind, error, reason } = event;
      events.push({ kind, ...(error && { code: error.code }), ...(reason && { reason }) });
    },
  };
  return { server, store, clock, events, options, trainings: () => trainings };
}

/** The server's answers, some of them changed. */
function changing(
  server: ReturnType<typeof setUp>['server'],
  change: (response: Response, request: Request) => Response,
) {
  server.intercept = (client, request) => change(server.answer(client, request), request);
}

const changedTask = (server: ReturnType<typeof setUp>['server'], change: Partial<RoundTask>) =>
  changing(server, (response) =>
    response.kind === 'task' ? { kind: 'task', task: { ...response.task, ...change } } : response,
  );

describe('a task that a client refuses', () => {
  it.each<[string, Partial<RoundTask>, string]>([
    ['of another pipeline', { pipelineDigest: new Uint8Array(32) }, 'SHAPE_MISMATCH'],
    ['with other terms', { parameters: Uint8Array.of(1) }, 'THRESHOLD_NOT_MET'],
    ['with too long a model', { modelLength: 65536 + 64 * SIZE + 1 }, 'OUT_OF_RANGE'],
    ['with no model', { modelLength: 0 }, 'OUT_OF_RANGE'],
  ])('%s is left before anything is downloaded', async (_name, change, code) => {
    const { server, options, events, trainings, clock, store } = setUp();
    changedTask(server, change);
    const run = federatedClient(options).run();
    // Time may bring other terms, but neither another pipeline nor another limit.
    if (code === 'THRESHOLD_NOT_MET') await clock.run(run);
    else await expect(clock.run(run)).rejects.toMatchObject({ code });
    expect(events.filter(({ kind }) => kind !== 'waiting')).toEqual([{ kind: 'refused', code }]);
    expect([...server.outcomes]).toEqual([[1, 'late']]);
    expect(trainings()).toBe(0);
    expect(decodeRecord('record', (await store.get('client/a')) as Uint8Array)).toMatchObject({
      resolved: 1,
      kept: {},
    });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    [
      'of another digest',
      (bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
      'AUTHENTICATION_FAILED',
    ],
  ])('a model %s is not trained', async (_name, change, code) => {
    const { server, options, events, trainings, clock, store } = setUp();
    changing(server, (response) =>
      response.kind === 'part' ? { ...response, bytes: change(response.bytes) } : response,
    );
    await clock.run(federatedClient(options).run());
    expect(events.at(-1)).toEqual({ kind: 'refused', code });
    expect(trainings()).toBe(0);
    expect(await store.get('model/0/a')).toBeUndefined();
  });

  it.each<[string, { layout?: Layout; broadcast?: { [name: string]: number } }, string]>([
    ['of another layout', { layout: Layout.of([{ name: 'w', shape: [SIZE] }]) }, 'SHAPE_MISMATCH'],
    ['without parameters', { broadcast: { other: 1 } }, 'INVALID_ARGUMENT'],
  ])('a model %s is not trained', async (_name, { layout, broadcast }, code) => {
    const { server, options, events, trainings, clock } = setUp();
    if (broadcast) Object.assign(server.pipeline.algorithm, { broadcast: () => broadcast });
    await clock.run(
      federatedClient({ ...options, ...(layout && { pipeline: { ...options.pipeline, layout } }) }).run(),
    );
    expect(events.at(-1)).toEqual({ kind: 'refused', code });
    expect(trainings()).toBe(0);
  });

  it('is not trained once its time is over', async () => {
    const { server, options, events, trainings, clock } = setUp();
    changedTask(server, { expiresIn: 50 });
    const client = federatedClient(options);
    await client.step();
    await clock.run(new Promise((resolve) => clock.after(50, () => resolve(undefined))));
    await clock.run(client.run());
    expect(events).toEqual([{ kind: 'joined' }, { kind: 'expired' }]);
    expect([...server.outcomes]).toEqual([[1, 'late']]);
    expect(trainings()).toBe(0);
  });

  it('is asked for less and less often', async () => {
    const { server, options, clock } = setUp(12);
    changedTask(server, { parameters: Uint8Array.of(1) });
    await clock.run(federatedClient(options).run());
    // 1 s, doubled eleven times but never beyond 300 s, less up to half.
    expect(clock.now()).toBeGreaterThan((511 + 3 * 300) * 500);
    expect(clock.now()).toBeLessThanOrEqual((511 + 3 * 300) * 1000 + 12);
  });
});

describe('a server that', () => {
  it('refuses an update has it discarded, and the client goes on', async () => {
    const { server, options, events, clock, store } = setUp(2);
    server.intercept = (_client, request) =>
      request.kind === 'report' && request.ticket === 1
        ? { kind: 'refused', code: 'DECODE_FAILED', message: 'no' }
        : undefined;
    await clock.run(federatedClient(options).run());
    expect(events.map(({ kind, reason }) => reason ?? kind).filter((kind) => kind !== 'received')).toEqual([
      'joined',
      'downloaded',
      'trained',
      'refused',
      'refused',
      'joined',
      'downloaded',
      'trained',
      'accepted',
      'counted',
    ]);
    const { kept } = decodeRecord('record', (await store.get('client/a')) as Uint8Array);
    // The second training began where the first had: nothing of what was owed to the first was added.
    expect(new Float32Array((kept.memory as Uint8Array).slice().buffer)).toEqual(Float32Array.of(0, 0));
  });

  it.each<[string, (response: Response) => Response | undefined]>([
    ['answers something else', () => ({ kind: 'message', bytes: new Uint8Array(0) })],
    ['is overloaded', () => ({ kind: 'refused', code: 'UNAVAILABLE', message: 'later' })],
    ['speaks of another ticket', (response) => ('ticket' in response ? { ...response, ticket: 99 } : undefined)],
    [
      'sends a part from elsewhere',
      (response) => (response.kind === 'part' ? { ...response, offset: 0, total: response.total + 1 } : undefined),
    ],
    [
      'sends an empty part',
      (response) => (response.kind === 'part' ? { ...response, bytes: new Uint8Array(0) } : undefined),
    ],
  ])('%s is asked again later', async (_name, change) => {
    const { server, options, events, clock } = setUp();
    let disturbed = 0;
    changing(server, (response) => {
      const changed = change(response);
      return changed && disturbed++ < 3 ? changed : response;
    });
    await clock.run(federatedClient(options).run());
    expect(disturbed).toBeGreaterThan(2);
    expect(events.filter(({ kind }) => kind === 'retrying').length).toBe(3);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });

  it('issues a ticket twice is not trained for twice', async () => {
    const { server, options, trainings } = setUp();
    let task: Response | undefined;
    changing(server, (response) => {
      if (response.kind === 'task') task ??= response;
      return response.kind === 'closed' && task ? task : response;
    });
    const client = federatedClient(options);
    let last = await client.step();
    for (let i = 0; i < 12; i++) last = await client.step();
    expect(trainings()).toBe(1);
    expect(last.milliseconds).toBeGreaterThan(1000);
  });

  it('starts another run finds a client that starts anew', async () => {
    const { server, options, store, clock } = setUp();
    await clock.run(federatedClient(options).run());
    const before = decodeRecord('record', (await store.get('client/a')) as Uint8Array);
    expect(before.kept.memory).toBeDefined();
    server.tickets = 2;
    changedTask(server, { run: new Uint8Array(16).fill(5) });
    const client = federatedClient(options);
    await client.step();
    expect(decodeRecord('record', (await store.get('client/a')) as Uint8Array)).toMatchObject({
      kept: {},
      work: { kind: 'training' },
    });
  });

  it('has closed before the update counts has it discarded', async () => {
    const { server, options, events, clock } = setUp();
    server.intercept = (_client, { kind }) => (kind === 'report' ? { kind: 'closed' } : undefined);
    await clock.run(federatedClient(options).run());
    expect(events.at(-1)).toEqual({ kind: 'discarded', reason: 'closed' });
  });
});

describe('a transport that', () => {
  const failing = (exchange: Exchange, error: FedkitError, times: number): Exchange => {
    let left = times;
    return async (request, options) => {
      if (left-- > 0) throw error;
      return exchange(request, options);
    };
  };

  it('says when to come back is not asked before', async () => {
    const { options, clock } = setUp();
    const error = new FedkitError('UNAVAILABLE', 'later', { details: { retryAfter: 60_000 } });
    await clock.run(federatedClient({ ...options, exchange: failing(options.exchange, error, 2) }).run());
    expect(clock.now()).toBeGreaterThan(120_000);
  });

  it('does not know who asks stops the client, which can go on', async () => {
    const { options, server, clock } = setUp();
    const error = new FedkitError('AUTHENTICATION_FAILED', 'who is it');
    const client = federatedClient({ ...options, exchange: failing(options.exchange, error, 1) });
    await expect(client.run()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await clock.run(client.run());
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });

  it('cannot carry so much has the update discarded', async () => {
    const { options, events, server, clock } = setUp();
    const exchange: Exchange = async (request, how) => {
      if (request.length > 60) throw new FedkitError('OUT_OF_RANGE', 'too long');
      return options.exchange(request, how);
    };
    await clock.run(federatedClient({ ...options, exchange }).run());
    expect(events.slice(-2)).toEqual([
      { kind: 'discarded', reason: 'refused' },
      { kind: 'refused', code: 'OUT_OF_RANGE' },
    ]);
    expect([...server.outcomes.values()]).toEqual(['late']);
  });
});

describe('a client that has stopped at the second refusal for one reason', () => {
  it('takes two more to stop again, of what it trains', async () => {
    const { options, server, clock } = setUp(4);
    const trainer = { ...options.trainer, train: () => Promise.reject(new FedkitError('OUT_OF_RANGE', 'diverged')) };
    const client = federatedClient({ ...options, trainer });
    for (const tasks of [2, 4]) {
      await expect(clock.run(client.run())).rejects.toThrow('refused twice');
      expect(server.outcomes.size).toBe(tasks);
    }
  });

  it('takes two more to stop again, of what it asks', async () => {
    const { options, server } = setUp();
    const client = federatedClient(options);
    server.intercept = () => ({ kind: 'refused', code: 'INVALID_ARGUMENT', message: 'no' });
    for (let time = 0; time < 2; time++) {
      expect((await client.step()).milliseconds).toBeLessThanOrEqual(1000);
      await expect(client.step()).rejects.toThrow('refused twice');
    }
  });
});

describe('a store that', () => {
  it('fails for a while loses nothing that was done', async () => {
    const { options, store, trainings, clock, server } = setUp();
    let full = false;
    const failing: Store = {
      ...store,
      put: (key, bytes) => (full ? Promise.reject(new Error('disk full')) : store.put(key, bytes)),
    };
    const client = federatedClient({ ...options, store: failing });
    while ((await client.step()).next !== 'training');
    full = true;
    for (let i = 0; i < 3; i++) await expect(client.step()).rejects.toThrow('disk full');
    expect(server.reports.size).toBe(0);
    full = false;
    await clock.run(client.run());
    expect(trainings()).toBe(1);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });

  it('holds what is no record is left as it is', async () => {
    const { options, store } = setUp();
    await store.put('client/a', Uint8Array.of(1, 2, 3));
    await expect(federatedClient(options).step()).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    expect(await store.get('client/a')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("holds another pipeline's record has its task left", async () => {
    const { options, store, server, clock } = setUp();
    const requests: Request[] = [];
    server.intercept = (_client, request) => {
      requests.push(request);
      return undefined;
    };
    const client = federatedClient(options);
    await client.step();
    const record = decodeRecord('record', (await store.get('client/a')) as Uint8Array);
    await store.put('client/a', encodeRecord({ ...record, pipeline: new Uint8Array(32) }));
    await clock.run(federatedClient(options).run());
    expect(requests.map(({ kind }) => kind)).toEqual(['join', 'leave', 'join']);
    expect(decodeRecord('record', (await store.get('client/a')) as Uint8Array)).toMatchObject(
      freshRecord(server.pipeline.digest),
    );
  });
});

describe('a trainer that', () => {
  it('diverges has its task left', async () => {
    const { options, events, server, clock } = setUp();
    const trainer = { ...options.trainer, train: () => Promise.reject(new FedkitError('OUT_OF_RANGE', 'diverged')) };
    await clock.run(federatedClient({ ...options, trainer }).run());
    expect(events.at(-1)).toEqual({ kind: 'refused', code: 'OUT_OF_RANGE' });
    expect([...server.outcomes.values()]).toEqual(['late']);
  });

  it('has a bug is heard, and the task is left', async () => {
    const { options, server, clock } = setUp();
    const trainer = { ...options.trainer, train: () => Promise.reject(new TypeError('undefined is not a model')) };
    const client = federatedClient({ ...options, trainer });
    await expect(client.run()).rejects.toThrow('undefined is not a model');
    await clock.run(client.run());
    expect([...server.outcomes.values()]).toEqual(['late']);
  });

  it('is stopped trains again next time', async () => {
    const { options, server, clock, trainings } = setUp();
    const controller = new AbortController();
    const trainer = {
      ...options.trainer,
      async train(...args: Parameters<typeof options.trainer.train>) {
        controller.abort();
        if (args[2].signal?.aborted) throw new FedkitError('ABORTED', 'stopped');
        return options.trainer.train(...args);
      },
    };
    const stopped = federatedClient({ ...options, trainer, signal: controller.signal });
    await expect(stopped.run()).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(stopped.step()).rejects.toMatchObject({ code: 'ABORTED' });
    await clock.run(federatedClient(options).run());
    expect(trainings()).toBe(1);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });
});

describe('federatedClient', () => {
  it('refuses by name what cannot be', () => {
    const { options } = setUp();
    const refused = (change: object, code: string) =>
      expect(() => federatedClient({ ...options, ...change })).toThrowError(expect.objectContaining({ code }));
    const named = (name: string) => Layout.of([{ name, shape: [SIZE] }]);
    refused({ id: '' }, 'INVALID_ARGUMENT');
    refused({ pipeline: {} }, 'INVALID_ARGUMENT');
    refused({ trainer: undefined }, 'INVALID_ARGUMENT');
    refused({ local: { steps: 1 } }, 'INVALID_ARGUMENT');
    refused({ exchange: 'https://' }, 'INVALID_ARGUMENT');
    refused({ store: new Map() }, 'INVALID_ARGUMENT');
    refused({ maximumModelBytes: 0 }, 'OUT_OF_RANGE');
    refused({ layout: named('w') }, 'INVALID_ARGUMENT');
    const trainer = { ...options.trainer, layout: Layout.of([{ name: 'w', shape: [SIZE + 1] }]) };
    refused({ trainer }, 'SHAPE_MISMATCH');
    const pipeline = { ...options.pipeline, layout: named('v') };
    refused({ pipeline, trainer: { ...options.trainer, layout: named('w') } }, 'SHAPE_MISMATCH');
  });

  it('lets steps wait for each other', async () => {
    const { options, server, trainings } = setUp();
    const client = federatedClient(options);
    await Promise.all(Array.from({ length: 20 }, () => client.step()));
    expect(trainings()).toBe(1);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });
});
