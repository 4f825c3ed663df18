// A federated server behind a fleet: FOLDER COHORT ROUNDS TENSORS VALUES. Says where it is, and when each round was over.
import * as fs from 'node:fs/promises';
import { federatedServer, fedAvg, fileStore, plainUpdates, secureRng } from '@fedkit/core';
import { serve } from '@fedkit/core/transport/node';
import { flowerFleet } from '@fedkit/flower';
import { largeLayout } from './large.ts';

const [folder, ...numbers] = process.argv.slice(2);
const [cohort, rounds, tensors, values] = numbers.map(Number);
const layout = largeLayout(tensors, values);
const initial = Float32Array.from({ length: layout.size }, (_, i) => Math.floor(i / values));
const pipeline = plainUpdates({ algorithm: fedAvg(), layout });
const server = await federatedServer({
  pipeline,
  initial,
  cohort,
  rounds,
  retryAfter: 1000,
  // Reports are on the disk before they are acknowledged, as in earnest; a SuperLink keeps them in memory.
  store: fileStore(fs, folder),
  clock: Date.now,
  rng: secureRng(),
  until: (params, round) => {
    process.stdout.write(`${JSON.stringify({ round, end: Date.now() / 1000, first: params[0] })}\n`);
    return false;
  },
});
const fleet = await flowerFleet(server, {
  pipeline,
  app: { bytes: new Uint8Array(0), id: 'fedkit/large', version: '1.0.0' },
  selfRegistration: true,
  onEvent: (event) => {
    if (event.kind === 'failed' || event.kind === 'fault') process.stderr.write(`${JSON.stringify(event)}\n`);
  },
});
const { url } = await serve(fleet);
setInterval(() => void server.tick(), 1000);
process.stdout.write(`${url}\n`);
