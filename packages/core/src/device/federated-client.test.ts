import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Death, Killed, Phone, untilClosed } from '../../test/device/phone.ts';
import { coarse, ScriptedServer } from '../../test/device/scripted-server.ts';
import { type ScaffoldBroadcast, type ScaffoldClientState, scaffold } from '../algorithm/scaffold.ts';
import type { Trainer } from '../client/trainer.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { FedkitError } from '../errors.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { decodeRecord } from './client-record-format.ts';
import type { FederatedClient, FederatedClientOptions } from './contract.ts';
import { federatedClient } from './federated-client.ts';

const SIZE = 3;
const TARGETS = [
  [32, -16, 8],
  [-64, 48, 24],
  [16, 80, -40],
  [48, 0, 96],
];

type Options = FederatedClientOptions<
  ScaffoldBroadcast,
  ScaffoldClientState,
  { update: Float32Array; control: Float32Array }
>;

function scaffoldServer(population: number, tickets: number) {
  return new ScriptedServer(coarse(scaffold(), SIZE), new Float32Array(SIZE), population, tickets);
}

/** Trains exactly in float32, and tells of every training. */
function counting(client: number, onTraining: (values: Float32Array) => void = () => undefined): Trainer {
  const trainer = quadraticTrainer(Float32Array.from(TARGETS[client]), 1);
  return {
    ...trainer,
    async train(start, objective, options) {
      const result = await trainer.train(start, objective, options);
      onTraining(result.values);
      return result;
    },
  };
}

const local = () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }) as const;

function scaffoldClient(
  server: ScriptedServer<never, never, never, never> | ReturnType<typeof scaffoldServer>,
  options: Partial<Options> = {},
): FederatedClient<ScaffoldClientState> {
  return federatedClient({
    id: '0',
    pipeline: server.pipeline as never,
    trainer: counting(0),
    local,
    exchange: memoryTransport(server, '0'),
    store: memoryStore(),
    clock: virtualClock(),
    ...options,
  } as Options);
}

describe('federatedClient', () => {
  it('takes part in a run, round by round', async () => {
    const server = scaffoldServer(1, 3);
    const events: string[] = [];
    const client = scaffoldClient(server, { onProgress: ({ kind }) => events.push(kind) });
    expect(await client.state()).toBeUndefined();
    await client.run();
    expect([...server.outcomes.values()]).toEqual(['accepted', 'accepted', 'accepted']);
    const parts = events.filter((kind) => kind === 'received').length;
    expect(parts).toBeGreaterThan(3);
    const round = ['joined', 'downloaded', 'trained', 'accepted', 'counted'];
    expect(events.filter((kind) => kind !== 'received')).toEqual([...round, ...round, ...round]);
    expect((await client.state())?.control).toEqual(server.state.control);
  });

  it('says what it would do next', async () => {
    const server = scaffoldServer(1, 1);
    server.chunk = 10_000;
    const client = scaffoldClient(server);
    const steps = [];
    for (let i = 0; i < 6; i++) steps.push(await client.step());
    expect(steps.map(({ next }) => next)).toEqual(['request', 'training', 'request', 'request', 'request', 'closed']);
    expect(steps.every(({ milliseconds }) => milliseconds === 0)).toBe(true);
  });

  it('goes on wherever its process died, trains once, sends the same bytes, and remembers what counted', async () => {
    const rounds = 2;
    const die = async (deaths: readonly Death[]) => {
      const phone = new Phone(deaths);
      const server = scaffoldServer(2, rounds);
      const trained: Float32Array[] = [];
      const boot = () =>
        scaffoldClient(server, {
          ...phone.boot(memoryTransport(server, '0')),
          trainer: counting(0, (values) => trained.push(values)),
        });
      await untilClosed(boot);
      const record = decodeRecord('record', (await phone.store.get('client/0')) as Uint8Array);
      return { phone, server, trained, record, state: await scaffoldClient(server, { store: phone.store }).state() };
    };
    const undisturbed = await die([]);
    expect(undisturbed.trained.length).toBe(rounds);
    const count = undisturbed.phone.operations.length;
    expect(count).toBeGreaterThan(30);
    for (let operation = 0; operation < count; operation++) {
      for (const when of ['before', 'after'] as const) {
        const { phone, server, trained, record, state } = await die([{ operation, when }]);
        const place = `killed ${when} ${operation}: ${phone.operations[operation]}`;
        for (const [ticket, bytes] of server.reports) expect(bytes.length, `${place}, ticket ${ticket}`).toBe(1);
        expect([...server.outcomes.values()], place).toEqual(['accepted', 'accepted']);
        // Only a death between training and its record costs a training: the operation after the last part was kept.
        expect(trained.length, place).toBeLessThanOrEqual(rounds + 1);
        if (trained.length > rounds)
          expect([when, phone.operations[operation]], place).toEqual(['before', 'put client/0']);
        expect(record, place).toEqual(undisturbed.record);
        expect(state, place).toEqual(undisturbed.state);
        expect(server.state, place).toEqual(undisturbed.server.state);
      }
    }
  });

  it('leaves nothing of a model behind once it is trained', async () => {
    const server = scaffoldServer(1, 2);
    const store = memoryStore();
    await scaffoldClient(server, { store }).run();
    const keys = [];
    for await (const key of store.keys('')) keys.push(key);
    expect(keys).toEqual(['client/0']);
  });

  it('keeps what has arrived of a model, and asks for the rest', async () => {
    const server = scaffoldServer(1, 1);
    const store = memoryStore();
    const offsets: number[] = [];
    server.intercept = (_client, request) => {
      if (request.kind === 'model') offsets.push(request.offset);
      return undefined;
    };
    for (let i = 0; i < 3; i++) await scaffoldClient(server, { store }).step();
    await scaffoldClient(server, { store }).run();
    expect(offsets).toEqual(offsets.map((_, i) => 100 * i));
  });

  it('keeps c the mean of the c_i and residual + counted = trained, whatever is lost and whoever dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 0, max: 99 })), async (stream) => {
        const draw = () => stream.next().value as number;
        const server = scaffoldServer(TARGETS.length, 12);
        // Every so often the server moves on without someone.
        server.intercept = (_client, { kind }) => {
          const ticket = server.openTicket(`${draw() % TARGETS.length}`);
          if (ticket !== undefined && draw() < 8) server.void(ticket);
          return kind === 'report' && draw() < 3 ? { kind: 'wait', milliseconds: 5 } : undefined;
        };
        const network =
          (exchange: Exchange): Exchange =>
          async (request, options) => {
            const lot = draw();
            if (lot < 10) throw new FedkitError('UNAVAILABLE', 'lost');
            const response = await exchange(request, options);
            if (lot < 20) throw new FedkitError('UNAVAILABLE', 'lost');
            return lot < 30 ? exchange(request, options) : response;
          };
        const clients = TARGETS.map((_, i) => {
          const phone = new Phone(
            Array.from({ length: 6 }, () => ({ operation: draw() * 2, when: draw() < 50 ? 'before' : 'after' })),
          );
          const trained = new Map<number, Float32Array>();
          let last: Float32Array;
          const boot = () =>
            scaffoldClient(server, {
              id: `${i}`,
              ...phone.boot(network(memoryTransport(server, `${i}`))),
              trainer: counting(i, (values) => {
                last = values;
              }),
            });
          phone.onPut = (key, bytes) => {
            const work = key.startsWith('client/') && decodeRecord('record', bytes).work;
            if (work && work.kind === 'reporting') trained.set(work.task.ticket, last);
          };
          return { phone, boot, trained, client: boot(), closed: false };
        });
        for (let steps = 0; clients.some(({ closed }) => !closed); steps++) {
          expect(steps).toBeLessThan(5000);
          const client = clients[draw() % clients.length];
          if (client.closed) continue;
          try {
            client.closed = (await client.client.step()).next === 'closed';
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
            client.client = client.boot();
          }
        }
        const controls = new Float32Array(SIZE);
        for (const [i, { phone, trained }] of clients.entries()) {
          const { kept } = decodeRecord('record', (await phone.store.get(`client/${i}`)) as Uint8Array);
          const state = await scaffoldClient(server, { id: `${i}`, store: phone.store }).state();
          for (let c = 0; c < SIZE; c++) controls[c] += (state?.control[c] ?? 0) / TARGETS.length;
          const residual = kept.memory ? new Float32Array(kept.memory.slice().buffer) : new Float32Array(SIZE);
          const counted = server.counted(`${i}`);
          const sum = new Float32Array(SIZE);
          for (const [ticket, values] of trained) {
            if (server.outcomes.get(ticket) !== 'accepted') continue;
            for (let c = 0; c < SIZE; c++) sum[c] += values[c];
          }
          expect(counted.map((value, c) => value + residual[c])).toEqual(sum);
        }
        expect(controls).toEqual(server.state.control);
        for (const reports of server.reports.values()) expect(reports.length).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});
