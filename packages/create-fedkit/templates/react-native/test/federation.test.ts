import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Exchange } from '@fedkit/core';
import { decodeRequest } from '@fedkit/core/protocol';
import { seededRng } from '@fedkit/core/random';
import { type AsyncStorageLike, asyncStorageStore } from '@fedkit/core/store/mobile-store';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { startServer } from '../server/server.ts';
import { tokenOf } from '../server/tokens.ts';
import { Learner } from '../src/learner.ts';
import { type Example, examplesOf, model } from '../src/model.ts';

const secret = 'a secret of this test, long enough';
const USERS = ['ann', 'bob', 'eve'];

/** Points above and below the diagonal. */
function points(seed: string, count: number): Example[] {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => {
    const features = [rng.uniform(), rng.uniform()];
    return { features, label: features[1] > features[0] ? 'above' : 'below' };
  });
}

/** AsyncStorage as React Native has it, in memory. */
function asyncStorage(): AsyncStorageLike {
  const map = new Map<string, string>();
  return {
    getItem: async (key) => map.get(key) ?? null,
    setItem: async (key, value) => void map.set(key, value),
    removeItem: async (key) => void map.delete(key),
    getAllKeys: async () => [...map.keys()],
  };
}

test('three phones learn together, each window in a process of its own', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'federation-'));
  const server = await startServer({ folder, secret, retryAfter: 10 });
  try {
    const storages = USERS.map(() => asyncStorage());
    let online = false;
    const start = (i: number) => {
      const headers = { authorization: `Bearer ${tokenOf(USERS[i], secret)}` };
      const network = fetchExchange({ url: server.url, headers, attempts: 1 });
      const exchange: Exchange = (request, how) => {
        if (!online) throw new TypeError('no network');
        return network(request, how);
      };
      return new Learner({ id: USERS[i], exchange, store: asyncStorageStore(storages[i]) });
    };

    // Without a network examples are kept, and nothing is lost.
    let phones = USERS.map((_, i) => start(i));
    for (const [i, phone] of phones.entries()) {
      for (const example of points(USERS[i], 60)) await phone.add(example);
    }
    assert.equal(await phones[0].predict([0.2, 0.8]), undefined);
    online = true;
    for (let closed = false; !closed; ) {
      phones = USERS.map((_, i) => start(i));
      closed = (await Promise.all(phones.map((phone) => phone.inBackground(50)))).every(Boolean);
    }

    const records = await server.federation.records();
    assert.deepEqual(
      records.map(({ outcome, contributors }) => `${outcome} ${contributors.length}`),
      Array.from({ length: 5 }, () => 'published 3'),
    );
    const { accuracy } = model.evaluate(server.federation.params, examplesOf(points('unseen', 500)));
    assert.ok(accuracy > 0.9, `${accuracy}`);
    assert.equal((await phones[0].examples()).length, 60);
    assert.equal(await phones[0].refresh(), 5);
    online = false;
    assert.equal(await phones[0].predict([0.2, 0.8]), 'above');
    assert.equal(await phones[0].predict([0.8, 0.2]), 'below');
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('an example that finds no room costs no other, and a read that fails is tried again', async () => {
  const storage = asyncStorage();
  let full = false;
  const store = asyncStorageStore({
    ...storage,
    setItem: (key, value) => (full ? Promise.reject(new Error('disk full')) : storage.setItem(key, value)),
    getItem: (key) => (full ? Promise.reject(new Error('locked')) : storage.getItem(key)),
  });
  const start = () => new Learner({ id: 'ann', exchange: () => Promise.reject(new TypeError('no network')), store });
  const [first, lost, second, third] = points('ann', 4);
  const phone = start();
  await phone.add(first);
  full = true;
  await assert.rejects(phone.add(lost));
  const other = start();
  await assert.rejects(other.examples());
  full = false;
  await phone.add(second);
  assert.deepEqual(await phone.examples(), [first, second]);
  assert.deepEqual(await other.examples(), [first, second]);
  // The next start finds all, and adds to them.
  await start().add(third);
  assert.deepEqual(await start().examples(), [first, second, third]);
});

test('a phone without examples says so, and goes on', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'federation-'));
  const server = await startServer({ folder, secret, retryAfter: 10 });
  try {
    const declined: unknown[] = [];
    const phones = USERS.map((id, i) => {
      const headers = { authorization: `Bearer ${tokenOf(id, secret)}` };
      const network = fetchExchange({ url: server.url, headers, attempts: 1 });
      const exchange: Exchange = (bytes, how) => {
        const request = decodeRequest(bytes);
        if (i === 0 && request.kind === 'decline') declined.push(request.reason);
        return network(bytes, how);
      };
      return new Learner({ id, exchange, store: asyncStorageStore(asyncStorage()) });
    });
    for (const phone of phones.slice(1)) for (const example of points('others', 9)) await phone.add(example);
    while (declined.length === 0) await Promise.all(phones.map((phone) => phone.inBackground(50)));
    assert.equal(declined[0], 'no-data');
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('an example is kept as it was', async () => {
  const phone = new Learner({
    id: 'ann',
    exchange: () => Promise.reject(new TypeError('no network')),
    store: asyncStorageStore(asyncStorage()),
  });
  const features = [0.25, 0.5];
  await phone.add({ features, label: 'above' });
  features.fill(9);
  assert.deepEqual(await phone.examples(), [{ features: [0.25, 0.5], label: 'above' }]);
});

test('nobody takes part under a name that the server did not sign', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'federation-'));
  const server = await startServer({ folder, secret });
  try {
    const ask = (token: string) =>
      fetchExchange({ url: server.url, headers: { authorization: `Bearer ${token}` }, attempts: 1 })(Uint8Array.of(0));
    for (const token of [tokenOf('ann', 'another secret'), tokenOf('', secret), 'ann', '.']) {
      await assert.rejects(ask(token), { code: 'AUTHENTICATION_FAILED' });
    }
    // What ann says is nonsense, but she may say it.
    assert.ok((await ask(tokenOf('ann', secret))).length > 0);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
