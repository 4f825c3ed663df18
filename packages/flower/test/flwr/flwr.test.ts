// Against a real flwr, where FEDKIT_FLWR says where it is: `pnpm run flwr`.
// Odds of its processes: 0. They draw pauses, names and keys from the platform, and nothing asserted depends on which.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mixedFederation } from './mixed.ts';
import { Flwr, type RecordedRound } from './processes.ts';
import { testEnvironment } from './venv.ts';

const environment = testEnvironment();
const root = join(import.meta.dirname, '../../../..');
const app = join(root, 'examples/flower/app');
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

  it('joins two SuperNodes to two clients of ours, by their keys over TLS, in one exact mean, though one dies', {
    timeout: 600_000,
  }, async () => {
    const { accuracy, ...seen } = await mixedFederation(flwr, environment as string, app);
    // Partitions 0 to 3 have 4 to 7 points.
    expect(seen).toEqual({
      contributors: [4, 4],
      weights: [
        [4, 5, 6, 7],
        [4, 5, 6, 7],
      ],
      off: expect.any(Number),
      deliveries: 2,
      failures: [],
    });
    expect(seen.off).toBeLessThan(2 ** -22);
    expect(accuracy).toBeGreaterThan(0.5);
    await flwr.stop();
  });
});
