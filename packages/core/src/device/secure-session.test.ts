import { describe, expect, it } from 'vitest';
import { Phone, untilClosed } from '../../test/device/phone.ts';
import { ScriptedSum } from '../../test/device/scripted-sum.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { FedkitError } from '../errors.ts';
import type { Request } from '../round/message.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/contract.ts';
import type { Exchange } from '../transport/contract.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { decodeRecord } from './client-record-format.ts';
import type { FederatedClient } from './contract.ts';
import { federatedClient } from './federated-client.ts';

function device(
  server: ScriptedSum,
  options: { store: Store; exchange?: Exchange; events?: string[]; onTraining?: () => void },
): FederatedClient<unknown> {
  const { store, exchange = memoryTransport(server, 'a'), events = [], onTraining } = options;
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
    exchange,
    clock: virtualClock(),
    onProgress: (event) => events.push('reason' in event ? event.reason : event.kind),
  });
}

describe('federatedClient in a secure sum', () => {
  it('masks its input once and gives its mask away', async () => {
    const server = new ScriptedSum();
    const store = memoryStore();
    const events: string[] = [];
    await untilClosed(() => device(server, { store, events }));
    expect(server.sum).toBe(12);
    expect(events).toEqual(['joined', 'received', 'downloaded', 'trained', 'counted']);
    expect(decodeRecord((await store.get('client/a')) as Uint8Array).work).toEqual({ kind: 'none' });
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
    const watching: Store = {
      ...store,
      put(key, bytes) {
        const work = key === 'client/a' && decodeRecord(bytes).work;
        if (work && work.kind === 'exchanging') inputs.push(work.input !== undefined);
        return store.put(key, bytes);
      },
    };
    await untilClosed(() => device(server, { store: watching }));
    // Trained, started, masked; then opened.
    expect(inputs).toEqual([true, true, true, false]);
  });

  it('leaves a sum whose terms it does not like before it is masked', async () => {
    const server = new ScriptedSum();
    server.script = { 1: 'tooFew' };
    const events: string[] = [];
    await untilClosed(() => device(server, { store: memoryStore(), events }));
    expect(events.slice(4)).toEqual(['refused', 'refused']);
    expect(server.requests.filter(({ kind }) => kind === 'leave').length).toBe(1);
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
    expect(decodeRecord((await store.get('client/a')) as Uint8Array).kept).toEqual({});
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
    expect(kinds).toEqual(['join', 'model', 'start', 'start', 'start', 'start', 'exchange', 'leave', 'join']);
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
