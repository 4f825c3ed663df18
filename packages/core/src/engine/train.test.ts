import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { softmaxRegression } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { seededRng } from '../random.ts';
import { inlineEngine, simulate } from '../simulation/index.ts';
import { memoryStore } from '../store/memory-store.ts';
import {
  clearBlobs,
  engineClients,
  evaluateTask,
  inlineTasks,
  remoteEvaluation,
  storeBlobs,
  trainTask,
} from './index.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const trainers = Array.from({ length: 5 }, (_, i) => {
  const rng = seededRng(`points ${i}`);
  const inputs = Float32Array.from({ length: 12 }, () => rng.uniform());
  return plainTrainer(model, {
    inputs,
    labels: Uint8Array.from({ length: 6 }, (__, k) => (inputs[2 * k] < 0.5 ? 1 : 0)),
  });
});

describe('a simulation on an engine', () => {
  it.each([
    ['FedAvg', fedAvg],
    ['SCAFFOLD, whose clients have states', scaffold],
  ] as const)('comes to the bytes of one in this thread: %s', async (_, make) => {
    const local = { epochs: 2, batchSize: 2, learningRate: 0.1 };
    const algorithm = make() as ReturnType<typeof fedAvg>;
    const common = { algorithm, initial: new Float32Array(model.layout.size), cohort: 3, rounds: 3, seed: 7 };
    const here = inlineEngine({ algorithm, clients: trainers, local, seed: 7 });
    const tasks = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: { train: trainTask(here) } });
    const engine = engineClients(tasks, { clients: here.clients, layout: model.layout });
    const there = await simulate({ ...common, engine } as never);
    const inline = await simulate({ ...common, clients: trainers, local } as never);
    expect((there as { params: Float32Array }).params).toEqual((inline as { params: Float32Array }).params);
  });
});

describe('an evaluation on an engine', () => {
  const all = {
    inputs: Float32Array.from({ length: 20 }, (_, i) => i % 7),
    labels: Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 1, 1, 0),
  };
  const shares = [0, 3, 3, 10].map((first, i, edges) => {
    const last = edges[i + 1] ?? 10;
    return { inputs: all.inputs.slice(2 * first, 2 * last), labels: all.labels.slice(first, last) };
  });
  const evaluate = evaluateTask((params, share) => {
    const examples = shares[share].labels.length;
    return examples === 0 ? { loss: 0, accuracy: 0, examples } : { ...model.evaluate(params, shares[share]), examples };
  });

  it('weighs every example alike, an empty share among them, tells how far it is, and leaves nothing', async () => {
    const store = memoryStore();
    const engine = inlineTasks({ blobs: storeBlobs(store), handlers: { evaluate } });
    const done: number[] = [];
    const judge = remoteEvaluation(engine, { shares: 4, onProgress: (progress) => done.push(progress.done) });
    const params = model.init(seededRng(1));
    const found = await judge(params);
    const whole = model.evaluate(params, all);
    expect(found.examples).toBe(10);
    expect(found.accuracy).toBeCloseTo(whole.accuracy, 12);
    expect(found.loss).toBeCloseTo(whole.loss, 12);
    expect(done).toEqual([1, 2, 3, 4]);
    for await (const key of store.keys('')) expect.fail(`${key} is left`);
    await expect(judge(params, 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    // What that call had asked is there until somebody clears it.
    await clearBlobs(engine.blobs);
    for await (const key of store.keys('')) expect.fail(`${key} is left`);
    expect(() => remoteEvaluation(engine, { shares: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });

  it('judges a simulation round by round', async () => {
    const engine = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: { evaluate } });
    const accuracies: number[] = [];
    await simulate({
      algorithm: fedAvg(),
      clients: trainers,
      local: { epochs: 1, batchSize: 2, learningRate: 0.1 },
      initial: new Float32Array(model.layout.size),
      cohort: 3,
      rounds: 2,
      seed: 7,
      evaluate: async (params, round) => {
        const { accuracy } = await remoteEvaluation(engine, { shares: 4 })(params, round);
        accuracies.push(accuracy);
        return accuracy;
      },
    });
    expect(accuracies).toHaveLength(2);
  });
});
