// Against a real flwr, where FEDKIT_FLWR says where it is: `pnpm run flwr`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FleetEvent, flowerFleet } from '@fedkit/flower';
import { pointsOf } from './points.ts';
import { Flwr, type RecordedRound } from './processes.ts';
import { testEnvironment } from './venv.ts';

const environment = testEnvironment();
const root = join(import.meta.dirname, '../../../..');
const app = join(root, 'examples/flower/app');
const model = softmaxRegression({ inputs: 2, classes: 2 });
const { layout } = model;

/** The largest difference between a round's arrays and the weighted mean of its replies, by array. */
function errorsOf({ replies, arrays }: RecordedRound): Record<string, number> {
  const weights = replies.map(({ metrics }) => metrics?.['num-examples'] ?? Number.NaN);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(
    Object.entries(arrays ?? {}).map(([name, { values }]) => {
      const differences = values.map((value, i) => {
        const mean =
          replies.reduce((sum, reply, k) => sum + weights[k] * Number(reply.arrays?.[name].values[i]), 0) / total;
        return Math.abs(value - mean) / Math.max(1, Math.abs(mean));
      });
      return [name, Math.max(0, ...differences)];
    }),
  );
}

/** The values of a report of one update: the last of its bytes. */
function updateIn(report: Uint8Array): Float32Array {
  return new Float32Array(report.slice(-4 * layout.size).buffer);
}

describe.skipIf(environment === undefined)('a real flwr', () => {
  let folder: string;
  let flwr: Flwr;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fedkit-flwr-'));
    flwr = new Flwr(environment as string, folder);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(flwr.outputs());
  });
  afterAll(async () => {
    await flwr.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function node(port: number, partition: number, killAt?: string) {
    const store = join(folder, `node-${partition}`);
    mkdirSync(store, { recursive: true });
    const script = join(import.meta.dirname, 'node-process.ts');
    const words = [
      '--import',
      'tsx',
      '--conditions=@fedkit/source',
      script,
      `http://127.0.0.1:${port}`,
      `${partition}`,
      store,
    ];
    return flwr.start(process.execPath, words, killAt === undefined ? {} : { KILL_AT: killAt }, root);
  }

  it('averages two nodes of Python and two of ours, and one that dies with a message', {
    timeout: 600_000,
  }, async () => {
    const { port } = await flwr.superlink();
    await flwr.supernode(port, 0);
    await flwr.supernode(port, 1);
    const ours = [node(port, 2), node(port, 3)];
    const result = await flwr.run(app, port, { nodes: 4, rounds: 3, extras: true });
    expect(result.rounds).toHaveLength(3);
    for (const round of result.rounds) {
      expect(round.replies.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
      expect(new Set(round.replies.map(({ metrics }) => metrics?.['num-examples']))).toEqual(new Set([4, 5, 6, 7]));
      for (const [name, error] of Object.entries(errorsOf(round))) {
        // Flower averages in the type of the array: halves to halves.
        expect(error, name).toBeLessThan(name === 'scale' ? 2 ** -11 : 2 ** -22);
      }
      expect(round.evaluation?.eval_acc).toBeGreaterThan(0.3);
    }
    const [first, second] = result.rounds.map(({ replies }) => replies.map(({ arrays }) => arrays));
    // What came as an int64 and a bool came back so; Flower's mean has made float64 of them since.
    for (const arrays of first) expect([arrays?.steps.dtype, arrays?.mask.dtype]).toEqual(['int64', 'bool']);
    for (const arrays of second) expect([arrays?.steps.dtype, arrays?.mask.dtype]).toEqual(['float64', 'float64']);
    for (const { arrays } of result.rounds[2].replies) {
      expect([arrays?.empty.shape, arrays?.scale.shape]).toEqual([[0, 3], []]);
      expect(arrays?.columns.values.map((value) => Math.fround(value))).toEqual([0, 1, 2, 3, 4, 5]);
    }
    expect(result.rounds[2].metrics?.train_loss).toBeLessThan(Number(result.rounds[0].metrics?.train_loss));

    // The same again; one of ours is killed as it is about to fetch a message's objects, and started again.
    await ours[1].stop();
    const doomed = node(port, 3, 'pull-object');
    const run = flwr.run(app, port, { nodes: 4, rounds: 2 });
    await new Promise<void>((resolve) => doomed.child.once('exit', () => resolve()));
    expect(doomed.child.signalCode).toBe('SIGKILL');
    node(port, 3);
    for (const round of (await run).rounds) {
      expect(round.replies.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
      expect(Math.max(...Object.values(errorsOf(round)))).toBeLessThan(2 ** -22);
    }
    await flwr.stop();
  });

  it('joins two SuperNodes to two clients of ours, in one exact mean', { timeout: 600_000 }, async () => {
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
    const fleet = await flowerFleet(watched, {
      pipeline,
      app: { bytes: await flwr.bundle(app), id: 'fedkit/points', version: '1.0.0' },
      selfRegistration: true,
      config: () => ({ lr: 0.5 }),
      onEvent: (event) => void events.push(event),
    });
    const listening = await serve(fleet);
    const { port } = listening;
    await flwr.supernode(port, 0);
    await flwr.supernode(port, 1);
    const local = () => ({ steps: 2, batchSize: 'all', learningRate: 0.5 }) as const;
    const models: Float32Array[] = [];
    await Promise.all(
      [2, 3].map((i) =>
        federatedClient({
          id: `native ${i}`,
          pipeline,
          trainer: plainTrainer(model, pointsOf(i)),
          local,
          exchange: memoryTransport(watched, `native ${i}`),
          store: memoryStore(),
          onProgress: (event) => {
            if (event.kind === 'downloaded' && i === 2) models.push(event.broadcast.params);
          },
        }).run(),
      ),
    );
    expect(events.filter(({ kind }) => kind === 'failed' || kind === 'fault')).toEqual([]);
    const reported = events.filter((event) => event.kind === 'reported');
    expect(reported.map(({ metrics }) => Number(metrics['num-examples'])).sort((a, b) => a - b)).toEqual([4, 4, 5, 5]);
    expect((await server.records()).map(({ contributors }) => contributors.length)).toEqual([4, 4]);
    models.push(server.params);
    for (const round of [0, 1]) {
      const weights = reports.slice(4 * round, 4 * round + 4).map(({ client, update }) => {
        const told = events.find((event) => event.kind === 'reported' && event.client === client);
        const weight = told?.kind === 'reported' ? Number(told.metrics['num-examples']) : 4 + Number(client.slice(-1));
        return { weight, update };
      });
      const total = weights.reduce((sum, { weight }) => sum + weight, 0);
      expect(total).toBe(4 + 5 + 6 + 7);
      const expected = models[round].map((start, k) => {
        return start + weights.reduce((sum, { weight, update }) => sum + weight * update[k], 0) / total;
      });
      expected.forEach((value, k) => expect(Math.abs(models[round + 1][k] - value)).toBeLessThan(2 ** -22));
    }
    expect(models).toHaveLength(3);
    expect(model.evaluate(server.params, pointsOf(9)).accuracy).toBeGreaterThan(0.5);
    await listening.close();
    await flwr.stop();
  });
});
