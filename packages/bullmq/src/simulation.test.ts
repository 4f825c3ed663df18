import { memoryStore, plainTrainer, scaffold, seededRng, softmaxRegression } from '@fedkit/core';
import { engineClients, evaluateTask, remoteEvaluation, storeBlobs, trainTask } from '@fedkit/core/engine';
import { inlineEngine, simulate } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { kinds } from '../test/servers.ts';
import { queueTasks } from './queue-tasks.ts';
import { queueWorker, type QueueWorker, type QueueWorkerEvent } from './queue-worker.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const examples = Array.from({ length: 6 }, (_, i) => {
  const rng = seededRng(`points ${i}`);
  const inputs = Float32Array.from({ length: 12 }, () => rng.uniform());
  return { inputs, labels: Uint8Array.from({ length: 6 }, (__, k) => (inputs[2 * k] < 0.5 ? 1 : 0)) };
});
const trainers = examples.map((own) => plainTrainer(model, own));
const algorithm = scaffold();
const local = { epochs: 2, batchSize: 2, learningRate: 0.1 };

/** What every worker makes for itself, of the same algorithm, data and seed. */
const handlers = () => ({
  train: trainTask(inlineEngine({ algorithm, clients: trainers, local, seed: 7 })),
  evaluate: evaluateTask((params, share) => ({
    ...model.evaluate(params, examples[share]),
    examples: examples[share].labels.length,
  })),
});

describe.each(kinds)('a simulation on a queue on $name', ({ start }) => {
  it.skipIf(start === undefined)(
    'comes to the bytes of one in a single thread, over workers that come and go, and leaves nothing',
    { timeout: 120_000 },
    async () => {
      const server = await (start as NonNullable<typeof start>)();
      const workers: QueueWorker[] = [];
      try {
        const shared = { database: server.database(), name: 'simulation', blobs: storeBlobs(memoryStore()) };
        const tasks = await queueTasks({ ...shared, pollInterval: 20 });
        const done: string[] = [];
        const add = async (name: string): Promise<void> => {
          const onEvent = (event: QueueWorkerEvent) =>
            void (event.kind === 'done' && done.push(`${name} ${event.task}`));
          workers.push(await queueWorker({ ...shared, handlers: handlers(), onEvent }));
        };
        await add('first');
        const common = { algorithm, initial: new Float32Array(model.layout.size), cohort: 4, rounds: 3, seed: 7 };
        const accuracies: number[] = [];
        const evaluation = remoteEvaluation(tasks, { shares: examples.length });
        const there = await simulate({
          ...common,
          engine: engineClients(tasks, { clients: trainers.map((_, i) => String(i)), layout: model.layout }),
          evaluate: async (params: Float32Array, round: number) => {
            // The first worker goes after a round of its own, as in a rolling restart.
            if (round === 1) {
              await add('second');
              await workers[0].close();
            }
            accuracies.push((await evaluation(params, round)).accuracy);
          },
        } as never);
        const expected: number[] = [];
        const here = await simulate({
          ...common,
          clients: trainers,
          local,
          evaluate: (params: Float32Array) => {
            const right = examples.map((own) => model.evaluate(params, own).accuracy * own.labels.length);
            expected.push(right.reduce((sum, one) => sum + one) / 36);
          },
        } as never);
        expect((there as { params: Float32Array }).params).toEqual((here as { params: Float32Array }).params);
        expect(accuracies).toHaveLength(3);
        for (const [i, accuracy] of accuracies.entries()) expect(accuracy).toBeCloseTo(expected[i], 12);
        const count = (what: string): number => done.filter((one) => one === what).length;
        expect([count('first train'), count('second train'), count('second evaluate')]).toEqual([4, 8, 18]);
        await workers[1].close();
        await tasks.clear();
        await tasks.close();
        expect(await server.left()).toEqual([]);
      } finally {
        for (const worker of workers) await worker.close().catch(() => {});
        await server.stop();
      }
    },
  );
});
