// Federated softmax regression on MNIST in which every update is bytes, both ways: the setting of Sattler et al., IEEE
// TNNLS 2020, table II: 100 clients of two classes each, 10 % of them a round, batches of 20, learning rate 0.04.
import { clientSeed, contraction, downlink, errorFeedback } from '@fedkit/compression';
import { type Examples, plainTrainer, seededRng, type SeededRng, softmaxRegression, weightedMean } from '@fedkit/core';
import { shardPartition } from '@fedkit/core/simulation';
import type { Mnist } from '../../examples/data/mnist.ts';
import type { Scheme } from './schemes.ts';

const CLIENTS = 100;
const COHORT = 10;
const BATCH = 20;
const LEARNING_RATE = 0.04;
/** Updates the server keeps for clients that return. */
const HISTORY = 64;

export interface Point {
  readonly steps: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly accuracy: number;
}

export interface Run {
  readonly name: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly points: readonly Point[];
}

/** Trains for `steps` local steps a client, in rounds of the scheme's length, and evaluates some 25 times on the way. */
export async function runScheme(scheme: Scheme, mnist: Mnist, steps: number, seed: number): Promise<Run> {
  const model = softmaxRegression({ inputs: 784, classes: 10 });
  const size = model.layout.size;
  const parts = shardPartition(
    mnist.train.labels,
    { clients: CLIENTS, shardsPerClient: 2 },
    seededRng(seed).fork('data'),
  );
  const trainers = parts.map((rows) => plainTrainer(model, { ...mnist.train, rows } satisfies Examples));
  const modelBytes = 4 * size;

  const rng = seededRng(seed);
  const rounds = Math.ceil(steps / scheme.steps);
  const { up, feedback } = scheme;
  const memories =
    up === undefined || feedback === undefined
      ? []
      : parts.map(() => errorFeedback(contraction(up), { size, decay: feedback }));
  const server = scheme.down === undefined ? undefined : downlink(contraction(scheme.down), { size, history: HISTORY });
  const seen = new Uint32Array(CLIENTS);
  const rule = weightedMean(size);
  const params = model.init(rng.fork('model'));
  const points: Point[] = [];
  let [bytesUp, bytesDown] = [0, 0];
  const start = performance.now();

  for (let round = 0; round < rounds; round++) {
    const accumulator = rule.create();
    const roundSeed = rng.fork('round', round).fill(new Uint8Array(32));
    const caughtUp = new Map<number, number>();
    for (const client of cohort(rng.fork('cohort', round))) {
      // What a client downloads depends on the last version it saw alone.
      const since = seen[client];
      if (!caughtUp.has(since)) {
        const missed = server?.catchUp(since)?.length ?? modelBytes;
        caughtUp.set(since, server !== undefined && since === server.version ? 0 : Math.min(missed, modelBytes));
      }
      bytesDown += caughtUp.get(since) as number;
      seen[client] = server?.version ?? 0;

      const options = {
        steps: scheme.steps,
        batchSize: BATCH,
        learningRate: LEARNING_RATE,
        rng: rng.fork('train', round, client),
        lossAtStart: false,
      };
      const { values, examples } = await trainers[client].train(params, {}, options);
      const context = { sharedSeed: clientSeed(roundSeed, client), rng: rng.fork('rounding', round, client) };
      const pending = memories[client]?.encode(values, context);
      const bytes = pending?.bytes ?? up?.encode(values, context);
      bytesUp += bytes?.length ?? modelBytes;
      const arrived = bytes === undefined ? values : (up as NonNullable<typeof up>).decode(bytes, context);
      rule.accumulate(accumulator, { values: arrived, weight: examples });
      pending?.commit();
    }
    const mean = rule.finalize(accumulator);
    rule.dispose(accumulator);
    const context = { sharedSeed: roundSeed, rng: rng.fork('server', round) };
    const update = server?.publish(mean, context).update ?? mean;
    for (let i = 0; i < size; i++) params[i] += update[i];

    const done = round + 1;
    if (done === rounds || Math.floor((25 * done) / rounds) > Math.floor((25 * round) / rounds)) {
      const { accuracy } = model.evaluate(params, mnist.test);
      points.push({ steps: done * scheme.steps, bytesUp, bytesDown, accuracy });
    }
  }
  return { name: scheme.name, rounds, seconds: (performance.now() - start) / 1000, points };
}

/** COHORT different clients. */
function cohort(rng: SeededRng): number[] {
  const clients = Array.from({ length: CLIENTS }, (_, i) => i);
  for (let i = 0; i < COHORT; i++) {
    const j = i + rng.below(CLIENTS - i);
    [clients[i], clients[j]] = [clients[j], clients[i]];
  }
  return clients.slice(0, COHORT).sort((a, b) => a - b);
}
