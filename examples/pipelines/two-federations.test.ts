/** A ledger that serves several runs: every release of each is charged, and a release that is tried again once. */
import {
  centralDp,
  federatedClient,
  federatedServer,
  memoryStore,
  plainTrainer,
  secureRng,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { type PrivacyLedger, privacyLedger, rdpAccountant } from '@fedkit/privacy';
import { expect, it } from 'vitest';
import { driveRound } from './drive.ts';
import { central } from './settings.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const initial = model.init(seededRng(1));
const CLIENTS = ['ada', 'bob', 'eve'];
const ROUNDS = 2;
const trainer = () => plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) });

const openLedger = () =>
  privacyLedger({
    store: memoryStore(),
    run: 'both',
    unit: 'user',
    budget: { epsilon: 1000, delta: 1e-5 },
    accountant: () => rdpAccountant({ neighboring: 'add-or-remove' }),
  });

const pipelineFor = (recipients: PrivacyLedger) =>
  centralDp({ ...central, layout: model.layout, expectedContributors: CLIENTS.length, filters: { recipients } });

async function federation(recipients: PrivacyLedger): Promise<void> {
  const pipeline = pipelineFor(recipients);
  const server = await federatedServer({
    pipeline,
    initial,
    cohort: CLIENTS.length,
    rounds: ROUNDS,
    retryAfter: 5,
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const clients = CLIENTS.map((id) =>
    federatedClient({
      id,
      pipeline,
      trainer: trainer(),
      local: () => ({ epochs: 1, batchSize: 2, learningRate: 0.1 }),
      exchange: memoryTransport(server, id),
      store: memoryStore(),
    }),
  );
  await Promise.all(clients.map((client) => client.run()));
  await server.close();
}

it('two federations of the same clients and rounds cost twice what one costs', async () => {
  const [one, both] = [await openLedger(), await openLedger()];
  await federation(one);
  await federation(both);
  await federation(both);
  expect(both.charged(1)).toHaveLength(2);
  expect(both.charged(ROUNDS)).toHaveLength(2);
  const twice = rdpAccountant({ neighboring: 'add-or-remove' });
  for (const { event, count } of one.charged(1)) twice.compose(event, 2 * ROUNDS * count);
  expect(both.spent()).toBeCloseTo(twice.epsilon(1e-5), 9);
});

it('so do two simulations', async () => {
  const recipients = await openLedger();
  const pipeline = pipelineFor(recipients);
  for (let i = 0; i < 2; i++) {
    await simulate({
      algorithm: pipeline.algorithm,
      channel: pipeline,
      clients: CLIENTS.map(trainer),
      local: { epochs: 1, batchSize: 2, learningRate: 0.1 },
      initial,
      cohort: CLIENTS.length,
      rounds: ROUNDS,
      seed: 3,
    });
  }
  for (let round = 1; round <= ROUNDS; round++) expect(recipients.charged(round)).toHaveLength(2);
});

it('a round that is closed again in its own run is charged once', async () => {
  const recipients = await openLedger();
  const pipeline = pipelineFor(recipients);
  const update = new Float32Array(model.layout.size).fill(0.1);
  const contributions = Object.fromEntries(CLIENTS.map((client) => [client, { values: { update }, weight: 1 }]));
  for (const run of ['aa', 'aa', 'bb', 'aa', 'bb']) await driveRound(pipeline, { contributions, facts: { run } });
  expect(recipients.charged(1).map(({ realized }) => realized?.run)).toEqual(['aa', 'bb']);
});
