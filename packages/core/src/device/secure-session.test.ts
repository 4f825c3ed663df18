import { describe, expect, it } from 'vitest';
import { Phone, untilClosed } from '../../test/device/phone.ts';
import { ScriptedSum, sealer } from '../../test/device/scripted-sum.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { FedkitError } from '../errors.ts';
import type { Request } from '../protocol/message.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/contract.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { sameBytes } from '../bytes.ts';
import type { ClientRecord } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import type { FederatedClient } from './contract.ts';
import { federatedClient } from './federated-client.ts';
import { keptFormat } from '../secure/kept-format.ts';
import { openRecord } from '../secure/sealed-record.ts';

function device(
  server: ScriptedSum,
  options: { store: Store; exchange?: Exchange; events?: string[]; onTraining?: () => void; singleInstance?: boolean },
): FederatedClient<unknown> {
  const { store, exchange = memoryTransport(server, 'a'), events = [], onTraining, singleInstance } = options;
  const trainer = quadraticTrainer(Float32Array.of(24), 1);
  return federatedClient({
    id: 'a',
    pipeline: server.pipeline,
    trainer: {
      ...trainer,
      train(...args) {
        onTraining?.();
        return trainer.train(...args);
      },
    },
    local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
    store,
    ...(singleInstance !== undefined && { singleInstance }),
    exchange,
    clock: virtualClock(),
    onProgress: (event) => events.push('reason' in event ? event.reason : event.kind),
  });
}

/** The store, with a look at every record that is put. */
function watch(store: Store, look: (bytes: Uint8Array) => void): Store {
  return {
    ...store,
    compareAndSwap(key, bytes, previous) {
      if (key === 'client/a') look(bytes);
      return (store.compareAndSwap as NonNullable<Store['compareAndSwap']>)(key, bytes, previous);
    },
  };
}

/** A character for each byte, so that pieces are found. */
const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const DIGEST = new ScriptedSum().pipeline.digest;
const decode = (bytes: Uint8Array) => decodeRecord('record', bytes, keptFormat);
const opened = (bytes: Uint8Array) =>
  openRecord<ClientRecord>(bytes, { pipeline: DIGEST, sealer, decode }) as ClientRecord;
const recordOf = async (store: Store) => opened((await store.get('client/a')) as Uint8Array);

describe('federatedClient in a secure sum', () => {
  it('masks its input once and gives its mask away', async () => {
    const server = new ScriptedSum();
    const store = memoryStore();
    const events: string[] = [];
    await untilClosed(() => device(server, { store, events }));
    expect(server.sum).toBe(12);
    expect(events).toEqual(['joined', 'received', 'downloaded', 'trained', 'counted']);
    expect((await recordOf(store)).work).toEqual({ kind: 'none' });
  });

  it('answers with the same bytes wherever its process died', async () => {
    const phone = new Phone();
    const server = new ScriptedSum();
    await untilClosed(() => device(server, phone.boot(memoryTransport(server, 'a'))));
    const count = phone.operations.length;
    for (let operation = 0; operation < count; operation++) {
      for (const when of ['before', 'after'] as const) {
        const place = `killed ${when} ${operation}: ${phone.operations[operation]}`;
        const mortal = new Phone([{ operation, when }]);
        const strict = new ScriptedSum();
        let trainings = 0;
        const onTraining = () => trainings++;
        await untilClosed(() => device(strict, { ...mortal.boot(memoryTransport(strict, 'a')), onTraining }));
        expect(strict.sum, place).toBe(12);
        for (const [kind, different] of strict.answers) expect(different.size, `${place}, ${kind}`).toBe(1);
        expect(trainings, place).toBeLessThanOrEqual(2);
      }
    }
  });

  it('answers with the same bytes however often answers are lost', async () => {
    for (let lost = 1; lost < 2 ** 7; lost += 2) {
      const server = new ScriptedSum();
      let requests = 0;
      const exchange: Exchange = async (request) => {
        const response = await memoryTransport(server, 'a')(request);
        if ((lost >> requests++) & 1) throw new FedkitError('UNAVAILABLE', 'lost');
        return response;
      };
      const store = memoryStore();
      await untilClosed(() => device(server, { store, exchange }));
      expect(server.sum).toBe(12);
      for (const different of server.answers.values()) expect(different.size).toBe(1);
    }
  });

  it('keeps no input once it is masked', async () => {
    const server = new ScriptedSum();
    const store = memoryStore();
    const inputs: boolean[] = [];
    const watching = watch(store, (bytes) => {
      const { work } = opened(bytes);
      if (work.kind === 'exchanging') inputs.push(work.input !== undefined);
    });
    await untilClosed(() => device(server, { store: watching }));
    // Trained, started; then masked, and opened.
    expect(inputs).toEqual([true, true, false, false]);
  });

  it('has nothing of its record in the clear, whichever save is the last', async () => {
    const store = memoryStore();
    const saves: Uint8Array[] = [];
    const watching = watch(store, (bytes) => saves.push(bytes.slice()));
    await untilClosed(() => device(new ScriptedSum(), { store: watching }));
    expect(saves.length).toBeGreaterThan(5);
    for (const bytes of saves) {
      expect(() => decodeRecord('record', bytes)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
      const clear = encodeRecord(opened(bytes), keptFormat);
      expect(latin1(bytes)).not.toContain(latin1(clear.subarray(40, 72)));
    }
    // What the store holds in the clear is no record of this client: somebody else put it there.
    await store.put('client/a', encodeRecord(await recordOf(store), keptFormat));
    await expect(device(new ScriptedSum(), { store }).step()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('sends nothing once another client has gone on from its record', async () => {
    for (const steps of [0, 1, 2, 3, 4, 5]) {
      const server = new ScriptedSum();
      const store = memoryStore();
      const [first, second] = [device(server, { store }), device(server, { store })];
      for (let step = 0; step < steps; step++) await first.step();
      await second.state();
      // The second moves the record on; the first must notice before anything of it leaves.
      await first.state();
      const before = await store.get('client/a');
      while (before && sameBytes((await store.get('client/a')) as Uint8Array, before)) await second.step();
      if (!before) await second.step();
      const answers = () => [...server.answers].map(([kind, different]) => `${kind}: ${different.size}`).join();
      const asked = answers();
      let refused: unknown;
      for (let step = 0; step < 4 && refused === undefined; step++)
        await first.step().catch((error: unknown) => {
          refused = error;
        });
      expect(refused, `after ${steps}`).toMatchObject({ code: 'PROTOCOL_STATE' });
      expect(answers()).toBe(asked);
      await untilClosed(() => second);
      expect(server.sum).toBe(12);
    }
  });

  it('goes on where a save was kept although the store said that it failed', async () => {
    const server = new ScriptedSum();
    const store = memoryStore();
    let fails = 0;
    const failing: Store = {
      ...store,
      async compareAndSwap(key, bytes, previous) {
        const swapped = await (store.compareAndSwap as NonNullable<Store['compareAndSwap']>)(key, bytes, previous);
        if (fails++ % 3 < 2) throw new FedkitError('UNAVAILABLE', 'the answer was lost');
        return swapped;
      },
    };
    await untilClosed(() => device(server, { store: failing }));
    expect(server.sum).toBe(12);
    for (const different of server.answers.values()) expect(different.size).toBe(1);
  });

  it('wants a store that swaps, or to be told that it is alone', () => {
    const plain = { ...memoryStore() };
    delete plain.compareAndSwap;
    const make = (more: object) => () => device(new ScriptedSum(), { store: plain, ...more });
    expect(make({})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(make({})).toThrow(/singleInstance/);
    expect(make({ singleInstance: true })).not.toThrow();
  });

  it('leaves a sum whose terms it does not like before it is masked', async () => {
    const server = new ScriptedSum();
    server.script = { 1: 'tooFew' };
    const events: string[] = [];
    await untilClosed(() => device(server, { store: memoryStore(), events }));
    expect(events.slice(4)).toEqual(['refused', 'refused']);
    expect(server.requests.filter(({ kind }) => kind === 'decline').length).toBe(1);
    expect(server.answers.has(2)).toBe(false);
  });

  it('opens nothing it does not like once masked, and asks on whether it counts', async () => {
    const server = new ScriptedSum();
    server.script = { 1: 'mask', 2: 'tooFew' };
    let asked = 0;
    server.intercept = (request: Request) =>
      request.kind === 'exchange' && !request.message && ++asked === 4
        ? { kind: 'finished', ticket: 5, counted: true }
        : undefined;
    const events: string[] = [];
    const store = memoryStore();
    const client = device(server, { store, events });
    while (!events.includes('counted')) await client.step();
    expect(events.slice(4)).toEqual(['refused', 'refused', 'refused', 'refused', 'counted']);
    expect(server.answers.has(3)).toBe(false);
  });

  it.each([
    ['the server aborts', { 1: 'mask', 2: 'abort' }, 'uncounted'],
    ['it is left out', { 1: 'mask', 2: 'open' }, 'uncounted'],
  ])('takes back what it would remember where %s', async (_name, script, reason) => {
    const server = new ScriptedSum();
    server.script = script;
    server.counted = false;
    const events: string[] = [];
    const store = memoryStore();
    const client = device(server, { store, events });
    while (events.length < 5) await client.step();
    expect(events.slice(4)).toEqual([reason]);
    expect((await recordOf(store)).kept).toEqual({});
  });

  it('starts again until it is asked something, and leaves where it is not wanted', async () => {
    const server = new ScriptedSum();
    let starts = 0;
    server.intercept = (request) => {
      if (request.kind !== 'exchange') return undefined;
      if (request.message && ++starts < 4) return { kind: 'wait', milliseconds: 3 };
      return { kind: 'refused', code: 'AUTHENTICATION_FAILED', message: 'not you' };
    };
    const events: string[] = [];
    await untilClosed(() => device(server, { store: memoryStore(), events }));
    expect(starts).toBe(4);
    expect(events.slice(4)).toEqual(['refused', 'refused']);
    const kinds = server.requests.map((request) => ('message' in request ? 'start' : request.kind));
    expect(kinds).toEqual(['join', 'model', 'start', 'start', 'start', 'start', 'exchange', 'decline', 'join']);
  });

  it('waits where the server repeats its question', async () => {
    const server = new ScriptedSum();
    server.intercept = ({ kind }) =>
      kind === 'exchange' ? { kind: 'message', bytes: new TextEncoder().encode('mask') } : undefined;
    const client = device(server, { store: memoryStore() });
    const waits = [];
    for (let i = 0; i < 8; i++) waits.push((await client.step()).milliseconds);
    expect(waits).toEqual([0, 0, 0, 0, 1000, 1000, 1000, 1000]);
  });
});
