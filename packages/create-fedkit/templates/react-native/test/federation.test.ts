import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Exchange } from '@fedkit/core';
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
