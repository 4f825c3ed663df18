import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
import { startServer } from '../server/server.ts';
import { examplesOf, model } from '../src/federation.ts';
import { participant } from '../src/participant.ts';

test('five tabs learn together, and one that vanishes amid a round comes back', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'federation-'));
  const server = await startServer({ folder, minimum: 5, retryAfter: 50, timeout: 6000 });
  try {
    for (const [path, words] of [
      ['/', 'A federation of tabs'],
      ['/page.js', 'worker.js'],
      ['/worker.js', 'ifAvailable'],
    ]) {
      assert.ok((await (await fetch(server.url + path)).text()).includes(words), path);
    }
    assert.equal((await fetch(`${server.url}/../package.json`)).status, 404);

    const url = `${server.url}/fedkit`;
    const factory = new IDBFactory();
    const finished = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const store = indexedDbStore({ name: `participant ${i}`, factory });
        const closed = new AbortController();
        const onProgress = (kind: string) => void (kind === 'trained' && i === 0 && closed.abort());
        const client = await participant({ url, store, signal: closed.signal, onProgress });
        const ended = await client.run().then(
          () => true,
          () => false,
        );
        if (ended) return client;
        assert.equal(i, 0);
        // The others have gone on without it.
        while (server.federation.progress.published < 1) await new Promise((resolve) => setTimeout(resolve, 20));
        const again = await participant({ url, store });
        await again.run();
        return again;
      }),
    );

    const records = await server.federation.records();
    const counts = records.map(({ outcome, contributors }) => `${outcome} ${contributors.length}`);
    assert.deepEqual(counts, ['published 4', ...Array.from({ length: 4 }, () => 'published 5')]);
    const { round, params } = await finished[0].model();
    assert.equal(round, 5);
    const { accuracy } = model.evaluate(params, examplesOf('unseen', 500));
    assert.ok(accuracy > 0.9, `${accuracy}`);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
