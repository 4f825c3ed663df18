import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { softmaxRegression } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { seededRng } from '../random.ts';
import { inlineEngine, simulate } from '../simulation/index.ts';
import { memoryStore } from '../store/memory-store.ts';
import { engineClients, inlineTasks, storeBlobs, trainTask } from './index.ts';

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
