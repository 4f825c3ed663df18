// A federation of ours that Flower's nodes join: fleet.ts APP.fab COHORT PORT
import { readFile } from 'node:fs/promises';
import {
  federatedClient,
  federatedServer,
  fedAvg,
  memoryStore,
  plainTrainer,
  plainUpdates,
  secureRng,
} from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { serve } from '@fedkit/core/transport/node';
import { flowerFleet } from '@fedkit/flower';
import { model, pointsOf } from './points.ts';

const [bundle, cohort = '3', port = '9092'] = process.argv.slice(2);
const { layout } = model;
const pipeline = plainUpdates({ algorithm: fedAvg(), layout });
const unseen = pointsOf('nobody', 500);
const server = await federatedServer({
  pipeline,
  initial: new Float32Array(layout.size),
  cohort: Number(cohort),
  rounds: 5,
  retryAfter: 500,
  store: memoryStore(), // fileStore, for a federation that outlives its process
  clock: Date.now,
  rng: secureRng(),
  until: (params, round) => {
    console.log(`round ${round}: ${model.evaluate(params, unseen).accuracy.toFixed(3)} of unseen points`);
    return false;
  },
});

const fleet = await flowerFleet(server, {
  pipeline,
  // Without a bundle only nodes that need none can join: ours.
  app: { bytes: bundle ? await readFile(bundle) : new Uint8Array(0), id: 'fedkit/points', version: '1.0.0' },
  selfRegistration: true, // on this machine; elsewhere allowedKeys, and TLS before it
  config: () => ({ lr: 0.2 }),
  onEvent: (event) => {
    if (event.kind === 'reported')
      console.log(`${event.client.slice(0, 15)}: train_loss ${Number(event.metrics.train_loss).toFixed(4)}`);
    else if (event.kind === 'failed') console.log(`${event.client.slice(0, 15)}: ${event.reason}`);
  },
});
const listening = await serve(fleet, { port: Number(port) });
console.log(`waiting at ${listening.url} for ${Number(cohort) - 1} nodes`);

// One client of our own, in this process; others come over fetchHandler or MQTT as ever.
await federatedClient({
  id: 'native',
  pipeline,
  trainer: plainTrainer(model, pointsOf('native', 30)),
  local: () => ({ steps: 20, batchSize: 'all', learningRate: 0.2 }),
  exchange: memoryTransport(server, 'native'),
  store: memoryStore(),
}).run();
await listening.close();
