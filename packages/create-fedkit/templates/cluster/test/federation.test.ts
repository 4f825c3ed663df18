import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { federatedClient, federatedServer, memoryStore, modelDigest, plainTrainer, secureRng } from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { examplesOf, local, model, pipeline } from '../src/federation.ts';
import { runClients } from '../src/processes.ts';
import { startServer } from '../src/server.ts';
import { tokenOf } from '../src/tokens.ts';

const ids = ['north', 'east', 'south', 'west'];

/** The same federation in this process alone, without threads. */
async function alone(): Promise<Float32Array> {
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(model.layout.size),
    cohort: ids.length,
    rounds: 5,
    retryAfter: 5,
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const clients = ids.map((id) =>
    federatedClient({
      id,
      pipeline,
      trainer: plainTrainer(model, examplesOf(id)),
      local: () => local,
      exchange: memoryTransport(server, id),
      store: memoryStore(),
    }),
  );
  await Promise.all(clients.map((client) => client.run()));
  return server.params;
}

test('client processes and a server with threads learn what one process learns, to the bit', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'federation-'));
  const secret = 'a secret of this test, long enough';
  const server = await startServer({ folder: join(folder, 'server'), secret, cohort: ids.length, retryAfter: 50 });
  let jobs = 0;
  const run = server.tasks.run.bind(server.tasks);
  server.tasks.run = (...given) => {
    jobs++;
    return run(...given);
  };
  try {
    const headers = {
      authorization: `Bearer ${tokenOf('north', 'another secret')}`,
      'content-type': 'application/octet-stream',
    };
    assert.equal((await fetch(server.url, { method: 'POST', headers, body: Uint8Array.of(0) })).status, 401);

    const printed = await runClients({ url: server.url, secret, ids, folder: join(folder, 'clients') });
    assert.deepEqual(
      printed,
      ids.map((id) => `${id}: 5 updates`),
    );
    assert.equal(jobs, 5);
    const { params } = server.federation;
    const { accuracy } = model.evaluate(params, examplesOf('unseen', 500));
    assert.ok(accuracy > 0.9, `${accuracy}`);
    assert.equal(modelDigest(model.layout, params), modelDigest(model.layout, await alone()));
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
