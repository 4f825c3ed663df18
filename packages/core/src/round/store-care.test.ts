import { describe, expect, it } from 'vitest';
import {
  ask,
  contributionOf,
  expectedParams,
  join,
  report,
  reportOf,
  testServer,
} from '../../test/round/federation.ts';
import { ByteWriter } from '../bytes.ts';
import type { RoundTask } from '../protocol/message.ts';
import { seededRng } from '../random.ts';
import { checkedStore } from '../store/checked-store.ts';
import type { Store } from '../store/contract.ts';
import { memoryStore } from '../store/memory-store.ts';
import { readChain } from './chain.ts';
import { listKeys } from './guarded-store.ts';
import { migrateStore } from './migrate.ts';
import { backupStore, restoreStore, verifyStore } from './store-care.ts';

const NAMES = ['a', 'b', 'c'];
const code = (name: string, text: RegExp) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(text) });

/** A run in its second round, with one report of it acknowledged. */
async function halfway(store: Store = memoryStore()) {
  const server = await testServer({ store, rounds: 2 });
  const tasks: Record<string, RoundTask> = {};
  for (const round of [1, 2]) {
    for (const client of [...NAMES, ...NAMES]) {
      const task = await join(server, client);
      if (task?.round === round) tasks[client] = task;
    }
    for (const client of round === 1 ? NAMES : ['a']) {
      expect((await report(server, client, tasks[client])).kind).toBe('accepted');
    }
    await server.tick();
  }
  return { store, server, tasks };
}

/** What is left of the run on `store`: two more reports, and the model that all of them make. */
async function finish(store: Store, tasks: Record<string, RoundTask>) {
  const server = await testServer({ store, rounds: 2 });
  for (const client of ['b', 'c']) {
    const bytes = reportOf(client, tasks[client]);
    expect((await ask(server, client, { kind: 'report', ticket: tasks[client].ticket, bytes })).kind).toBe('accepted');
  }
  await server.tick();
  let params = Float32Array.of(1, 2, 3);
  for (const round of [1, 2]) params = expectedParams(params, NAMES, round) as typeof params;
  expect(server.params).toEqual(params);
  expect((await server.records()).map(({ round }) => round)).toEqual([1, 2]);
}

describe('verifyStore', () => {
  it('finds nothing wrong with a run, and every flipped bit by its key', async () => {
    const { store } = await halfway();
    const keys = await listKeys(store, '');
    expect(await verifyStore(store)).toMatchObject({ keys: keys.length, faults: [] });
    const rng = seededRng('flips');
    for (const key of keys) {
      const bytes = (await store.get(key)) as Uint8Array;
      const flipped = bytes.slice();
      flipped[rng.below(bytes.length)] ^= 1 << rng.below(8);
      await store.put(key, flipped);
      expect((await verifyStore(store)).faults.map(({ key: found }) => found)).toEqual([key]);
      await store.put(key, bytes);
    }
  });

  it('finds what is missing', async () => {
    const { store } = await halfway();
    for (const prefix of ['round/state/', 'round/journal/']) {
      const keys = await listKeys(store, prefix);
      const key = keys[keys.length - (prefix === 'round/journal/' ? 2 : 1)];
      const bytes = (await store.get(key)) as Uint8Array;
      await store.delete(key);
      expect((await verifyStore(store)).faults).not.toEqual([]);
      await store.put(key, bytes);
    }
    expect((await verifyStore(memoryStore())).faults).toEqual([]);
  });
});

describe('a flipped bit', () => {
  it('in a stored report or state never goes into the model: it is refused by its key', async () => {
    const { store, server } = await halfway();
    await server.close();
    for (const prefix of ['round/journal/', 'round/state/']) {
      const key = (await listKeys(store, prefix)).pop() as string;
      const bytes = (await store.get(key)) as Uint8Array;
      const flipped = bytes.slice();
      flipped[bytes.length - 20] ^= 4;
      await store.put(key, flipped);
      await expect(testServer({ store, rounds: 2 })).rejects.toThrow(code('DECODE_FAILED', new RegExp(key)));
      await store.put(key, bytes);
    }
  });

  it('in a record does not hide the others', async () => {
    const { store, tasks } = await halfway();
    await finish(store, tasks);
    const [key] = await listKeys(store, 'round/ledger/');
    const bytes = (await store.get(key)) as Uint8Array;
    bytes[3] ^= 1;
    await store.put(key, bytes);
    const told: unknown[] = [];
    const server = await testServer({
      store,
      rounds: 2,
      onEvent: (event) => void (event.kind === 'failed' && told.push(event.error)),
    });
    expect((await server.records()).map(({ round }) => round)).toEqual([2]);
    expect(told).toEqual([code('DECODE_FAILED', new RegExp(key))]);
  });
});

describe('a backup', () => {
  it('goes on where the run was, other keys included', async () => {
    const { store, tasks } = await halfway();
    await store.put('privacy-ledger/0', Uint8Array.of(1));
    const [copied, restored] = [memoryStore(), memoryStore()];
    expect((await backupStore(store, copied)).faults).toEqual([]);
    expect((await restoreStore(copied, restored)).faults).toEqual([]);
    expect(await restored.get('privacy-ledger/0')).toEqual(Uint8Array.of(1));
    await finish(restored, tasks);
  });

  it('can be taken of a run that goes on meanwhile', async () => {
    const store = memoryStore();
    const { server, tasks } = await halfway(store);
    const copied = memoryStore();
    let reads = 0;
    const moving: Store = {
      ...store,
      async get(key) {
        // In the midst of the first pass the round ends.
        if (++reads === 2) {
          for (const client of ['b', 'c']) await report(server, client, tasks[client]);
          await server.tick();
        }
        return store.get(key);
      },
    };
    expect((await backupStore(moving, copied)).faults).toEqual([]);
    const resumed = await testServer({ store: copied, rounds: 2 });
    expect(resumed.progress.published).toBeGreaterThanOrEqual(1);
  });

  it('that has changed is not restored, and nothing is put over a run', async () => {
    const { store } = await halfway();
    const copied = memoryStore();
    await backupStore(store, copied);
    await expect(backupStore(store, copied)).rejects.toThrow(code('INVALID_ARGUMENT', /without keys/));
    await expect(backupStore(memoryStore(), memoryStore())).rejects.toThrow(code('INVALID_ARGUMENT', /a run, got/));
    await expect(restoreStore(copied, store)).rejects.toThrow(code('INVALID_ARGUMENT', /without keys/));
    const key = (await listKeys(copied, 'round/state/'))[0];
    const bytes = (await copied.get(key)) as Uint8Array;
    bytes[0] ^= 1;
    await copied.put(key, bytes);
    const into = memoryStore();
    await expect(restoreStore(copied, into)).rejects.toThrow(code('DECODE_FAILED', new RegExp(key)));
    expect(await listKeys(into, '')).toEqual([]);
  });
});

describe('migrateStore', () => {
  /** The same run as the version before this one stored it. */
  async function asBefore(store: Store): Promise<Store> {
    const old = memoryStore();
    const chain = await readChain(checkedStore(store));
    const { head, bytes, collector } = chain.snapshot as NonNullable<typeof chain.snapshot>;
    const first = chain.next - chain.entries.length;
    const { epoch: _, ...before } = head as { epoch: number };
    const number = String(first).padStart(16, '0');
    await old.put(
      'round/snapshot',
      new ByteWriter()
        .bytes(Uint8Array.of(0x66, 0x6b, 0x73, 1))
        .uint53(first)
        .text(JSON.stringify(before))
        .long(bytes)
        .uint8(collector ? 1 : 0)
        .finish(),
    );
    if (collector) await old.put(`round/collector/${number}`, collector);
    const log = new ByteWriter()
      .bytes(Uint8Array.of(0x66, 0x6b, 0x6a, 1))
      .uint53(first)
      .uint32(chain.entries.length);
    for (const entry of chain.entries) {
      log.text(JSON.stringify(entry.event)).uint8(entry.bytes ? 1 : 0);
      if (entry.bytes) log.long(entry.bytes);
    }
    await old.put(`round/journal/${number}`, log.finish());
    for (const prefix of ['round/state/', 'round/ledger/', 'round/terms']) {
      for (const key of await listKeys(store, prefix)) {
        await old.put(key.replace(/\.\d+$/, ''), (await checkedStore(store).get(key)) as Uint8Array);
      }
    }
    return old;
  }

  it('takes a run of the version before on', async () => {
    const { store, tasks } = await halfway();
    const old = await asBefore(store);
    await expect(testServer({ store: old, rounds: 2 })).rejects.toThrow(code('DECODE_FAILED', /migrateStore/));
    const into = memoryStore();
    expect((await migrateStore(old, into)).faults).toEqual([]);
    await finish(into, tasks);
  });

  it('refuses what is no such run', async () => {
    const { store } = await halfway();
    await expect(migrateStore(store, memoryStore())).rejects.toThrow(code('INVALID_ARGUMENT', /earlier version/));
    const bad = memoryStore();
    await bad.put('round/snapshot', Uint8Array.of(1, 2, 3));
    await expect(migrateStore(bad, memoryStore())).rejects.toThrow(code('DECODE_FAILED', /round\/snapshot/));
  });
});

it('a store too small for the model is refused before anything is begun', async () => {
  const store = { ...memoryStore(), maximumBytes: 1000 };
  await expect(testServer({ store })).rejects.toThrow(code('OUT_OF_RANGE', /bytes under a key/));
  expect(contributionOf('a', 1).values.update).toHaveLength(3);
});
