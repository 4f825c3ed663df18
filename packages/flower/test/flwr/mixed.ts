/**
 * A federation of ours with two SuperNodes of Python and two native clients, over TLS, for keys that are known; one SuperNode is
 * killed with a message in its hands and comes back.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  federatedClient,
  federatedServer,
  fedAvg,
  memoryStore,
  plainTrainer,
  plainUpdates,
  secureRng,
  softmaxRegression,
} from '@fedkit/core';
import { decodeRequest } from '@fedkit/core/protocol';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { serve } from '@fedkit/core/transport/node';
import { type FleetEvent, flowerFleet } from '@fedkit/flower';
import { spkiOfOpenSsh } from '../../src/key/der.ts';
import { certificateIn, sshKeyIn } from './keys.ts';
import { pointsOf } from './points.ts';
import type { Flwr } from './processes.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const { layout } = model;

/** What became of it. */
export interface Mixed {
  /** By round. */
  readonly contributors: readonly number[];
  /** Examples of every report, by round, ascending. */
  readonly weights: readonly (readonly number[])[];
  /** The largest difference between a round's model and the weighted mean of its reports, in absolute value. */
  readonly off: number;
  /** How often the SuperNode that died was given its first message. */
  readonly deliveries: number;
  /** What a fleet calls failed, and its own faults. */
  readonly failures: readonly FleetEvent[];
  readonly accuracy: number;
}

/** The values of a report of one update: the last of its bytes. */
function updateIn(report: Uint8Array): Float32Array {
  return new Float32Array(report.slice(-4 * layout.size).buffer);
}

/** Runs it: two rounds. */
export async function mixedFederation(flwr: Flwr, environment: string, app: string): Promise<Mixed> {
  const pipeline = plainUpdates({ algorithm: fedAvg(), layout });
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(layout.size),
    cohort: 4,
    rounds: 2,
    retryAfter: 200,
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const events: FleetEvent[] = [];
  // What every client reports, round by round, as it goes into the server.
  const reports: { readonly client: string; readonly update: Float32Array }[] = [];
  const watched = {
    run: server.run,
    handle: (client: string, bytes: Uint8Array) => {
      const request = decodeRequest(bytes);
      if (request.kind === 'report') reports.push({ client, update: updateIn(request.bytes) });
      return server.handle(client, bytes);
    },
  };
  const { key, certificate } = certificateIn(flwr.folder);
  const keys = [0, 1].map((i) => sshKeyIn(environment, flwr.folder, `supernode-${i}`));
  const names = keys.map(({ line }) => createHash('sha256').update(spkiOfOpenSsh(line)).digest('hex'));
  let died: string | undefined;
  let dying = Promise.resolve();
  const fleet = await flowerFleet(watched, {
    pipeline,
    app: { bytes: await flwr.bundle(app), id: 'fedkit/points', version: '1.0.0' },
    allowedKeys: keys.map(({ line }) => line),
    clientName: (fingerprint) => `supernode ${names.indexOf(fingerprint)}`,
    config: () => ({ lr: 0.5 }),
    onEvent: (event) => {
      events.push(event);
      if (event.kind !== 'delivered' || died !== undefined) return;
      // The first that has a message in its hands.
      died = event.client;
      dying = replace(Number(died.slice(-1)));
    },
  });
  const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
  const listening = await serve(fleet, { tls });
  const startNode = (i: number) =>
    flwr.supernode(listening.port, i, [
      '--root-certificates',
      certificate,
      '--auth-supernode-private-key',
      keys[i].file,
    ]);
  const nodes = [await startNode(0), await startNode(1)];
  async function replace(i: number): Promise<void> {
    await nodes[i].stop();
    nodes[i] = await startNode(i);
  }
  const models: Float32Array[] = [];
  const native = [2, 3].map((i) =>
    federatedClient({
      id: `native ${i}`,
      pipeline,
      trainer: plainTrainer(model, pointsOf(i)),
      local: () => ({ steps: 2, batchSize: 'all', learningRate: 0.5 }),
      exchange: memoryTransport(watched, `native ${i}`),
      store: memoryStore(),
      onProgress: (event) => {
        if (event.kind === 'downloaded' && i === 2) models.push(event.broadcast.params);
      },
    }).run(),
  );
  await Promise.all([...native, dying]);
  models.push(server.params);
  const reported = events.filter((event) => event.kind === 'reported');
  const examplesOf = (client: string): number => {
    const told = reported.find((event) => event.client === client);
    return told === undefined ? 4 + Number(client.slice(-1)) : Number(told.metrics['num-examples']);
  };
  const rounds = [reports.slice(0, 4), reports.slice(4)].map((round) =>
    round.map(({ client, update }) => ({ weight: examplesOf(client), update })),
  );
  let off = 0;
  for (const [round, weighted] of rounds.entries()) {
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
    for (let k = 0; k < layout.size; k++) {
      const step = weighted.reduce((sum, { weight, update }) => sum + weight * update[k], 0) / total;
      off = Math.max(off, Math.abs(models[round + 1][k] - models[round][k] - step));
    }
  }
  await listening.close();
  return {
    contributors: (await server.records()).map(({ contributors }) => contributors.length),
    weights: rounds.map((round) => round.map(({ weight }) => weight).sort((a, b) => a - b)),
    off,
    deliveries: events.filter((event) => event.kind === 'delivered' && event.client === died && event.round === 1)
      .length,
    failures: events.filter(({ kind }) => kind === 'failed' || kind === 'fault'),
    accuracy: model.evaluate(server.params, pointsOf(9)).accuracy,
  };
}
