import { describe, expect, it } from 'vitest';
import {
  ask,
  expectedParams,
  join,
  openedServer,
  report,
  SIZE,
  testOptions,
  testServer,
} from '../../test/round/federation.ts';
import { faultyStore } from '../../test/support/faulty-store.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedProx } from '../algorithm/fed-prox.ts';
import { FedkitError } from '../errors.ts';
import { Layout } from '../model/layout.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { secureRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { checkedStore } from '../store/checked-store.ts';
import type { RoundTask } from '../protocol/message.ts';
import { Journal } from './journal.ts';
import { federatedServer } from './server.ts';
import type { RoundEvent } from './state.ts';

const NAMES = ['a', 'b', 'c'];

describe('a store', () => {
  it('of another pipeline, algorithm, model or run is refused by what differs', async () => {
    const store = memoryStore();
    const run = new Uint8Array(16).fill(1);
    await (await testServer({ store, run })).close();
    const text = async (options: Parameters<typeof testServer>[0]) => {
      const error: unknown = await testServer({ store, ...options }).catch((thrown: unknown) => thrown);
      if (!(error instanceof FedkitError)) throw new Error('not refused');
      return `${error.code} ${error.message}`;
    };
    expect(await text({ run: new Uint8Array(16) })).toMatch(/^SHAPE_MISMATCH federatedServer: store: run:/);
    const layout = Layout.of([{ name: 'w', shape: [SIZE] }]);
    const named = plainUpdates({ algorithm: fedAvg(), layout });
    expect(await text({ pipeline: named })).toBe(
      'SHAPE_MISMATCH federatedServer: store: layout: expected not given as the stored run has it, got given: ' +
        'build the pipeline as that run had it, or begin another in an empty store',
    );
    const prox = plainUpdates({ algorithm: fedProx({ mu: 1 }), size: SIZE });
    expect(await text({ pipeline: prox as never })).toMatch(
      /^SHAPE_MISMATCH federatedServer: store: algorithm: expected fedAvg as the stored run has it, got fedProx: /,
    );
    const momentum = plainUpdates({ algorithm: fedAvg(), size: SIZE, clientMomentum: 0.5 });
    expect(await text({ pipeline: momentum })).toMatch(
      /^SHAPE_MISMATCH federatedServer: store: clientMomentum: expected 0 as the stored run has it, got 0.5: /,
    );
    // Nothing of this has touched it, or ended a server that runs.
    const running = await testServer({ store, run });
    expect(await text({ pipeline: momentum })).toMatch(/^SHAPE_MISMATCH/);
    await running.pause();
    expect(running.progress).toMatchObject({ phase: 'waiting', paused: true });
    const keys: string[] = [];
    for await (const key of store.keys('round/journal/')) keys.push(key);
    const last = keys.sort()[keys.length - 1];
    await store.put(last, Uint8Array.of(1, 2, 3));
    expect(await text({})).toMatch(new RegExp(`^DECODE_FAILED store: ${last}: `));
  });

  it('whose log goes on after the end of a round was written by no server', async () => {
    const ends: RoundEvent[] = [
      { time: 0, kind: 'closed', contributors: NAMES, facts: {}, last: false },
      { time: 0, kind: 'rolledBack', round: 0 },
    ];
    for (const event of ends) {
      const store = memoryStore();
      const { server } = await openedServer({ store });
      await server.close();
      const capture = () => Promise.reject(new Error('no snapshot is due'));
      const { journal } = await Journal.open({ store: checkedStore(store), capture, admit: () => Promise.resolve() });
      journal.append({ event });
      await journal.durable();
      await expect(testServer({ store })).rejects.toMatchObject({
        code: 'DECODE_FAILED',
        message: expect.stringContaining('expected what came before another model, got what came after'),
      });
    }
  });

  it('that is full costs requests, and no report', async () => {
    const store = faultyStore(memoryStore());
    const { server, tasks } = await openedServer({ store });
    store.faults = { room: 100 };
    expect(await report(server, 'a', tasks.a)).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
    expect(await report(server, 'b', tasks.b)).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
    await expect(server.pause()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.faults = {};
    await server.tick();
    expect(server.progress).toMatchObject({ accepted: 0, open: 3, paused: false });
    for (const client of NAMES) expect((await report(server, client, tasks[client])).kind).toBe('accepted');
    await server.tick();
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1));
  });

  it('that is slow shares its writes among reports that come together', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `client ${i}`);
    const store = faultyStore(memoryStore(), { turns: 3 });
    const { server, tasks } = await openedServer({ store, cohort: 40 }, names);
    const before = store.operations;
    const answers = await Promise.all(names.map((client) => report(server, client, tasks[client])));
    expect(answers.every(({ kind }) => kind === 'accepted')).toBe(true);
    await server.tick();
    expect(store.operations - before).toBeLessThan(30);
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), names, 1));
  });

  it('stays small however many reports come, and is enough to go on from', async () => {
    const disk = memoryStore();
    const sizes = new Map<string, number>();
    let most = 0;
    const store = {
      ...disk,
      put: async (key: string, bytes: Uint8Array) => {
        await disk.put(key, bytes);
        sizes.set(key, bytes.length);
        const journal = [...sizes].filter(([name]) => !name.startsWith('round/ledger'));
        most = Math.max(
          most,
          journal.reduce((sum, [, size]) => sum + size, 0),
        );
      },
      delete: async (key: string) => {
        await disk.delete(key);
        sizes.delete(key);
      },
    };
    const size = 2000;
    const pipeline = plainUpdates({ algorithm: fedAvg(), size });
    const names = Array.from({ length: 300 }, (_, i) => `client ${i}`);
    const options = testOptions({ store, pipeline, initial: new Float32Array(size), cohort: names.length });
    let server = await federatedServer(options);
    let snapshots = 0;
    const modelDigest = new Uint8Array(32);
    const contribution = { values: { update: new Float32Array(size).fill(1) } };
    const drawn = { rng: secureRng(), client: 'a' };
    const tickets = new Map([...names].sort().map((client, i) => [client, i]));
    for (let round = 1; round <= 10; round++) {
      for (const client of names) await join(server, client);
      const { parameters } = (await join(server, names[0])) as RoundTask;
      // The same for all: float32 values as they are have no seed of a client's own.
      const { bytes } = pipeline.client().encode({ round, modelDigest, parameters }, contribution, drawn);
      for (const [i, client] of names.entries()) {
        // Another server in the midst of every round finds a snapshot of the collector, and reports after it.
        if (i === 250) {
          await server.close();
          for await (const _ of store.keys('round/collector/')) snapshots++;
          server = await federatedServer(options);
        }
        const ticket = round * 2 ** 20 + (tickets.get(client) as number);
        expect((await ask(server, client, { kind: 'report', ticket, bytes })).kind).toBe('accepted');
      }
      await server.tick();
    }
    expect(server.progress.published).toBe(10);
    expect(snapshots).toBe(10);
    expect(server.params.every((value) => value === 10)).toBe(true);
    expect((await server.records()).every(({ contributors }) => contributors.length === names.length)).toBe(true);
    // 8 kB a report, 32 kB a collector: 24 MB went in.
    expect(most).toBeLessThan(3e6);
  });
});
