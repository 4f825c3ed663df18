import type { Update } from '../src/aggregate/contract.ts';
import type { Algorithm } from '../src/algorithm/contract.ts';
import { applyObjective } from '../src/client/objective.ts';
import type { Trainer, TrainOptions } from '../src/client/trainer.ts';
import type { PlainData } from '../src/plain-data.ts';
import { seededRng } from '../src/random.ts';

/** A client whose loss is a function of d parameters: every step sees all of its data. */
export function lossTrainer(
  loss: (at: Float32Array) => number,
  slope: (at: Float32Array) => Float32Array,
  examples = 1,
): Trainer {
  return {
    async train(start, objective, { steps = 1, learningRate, momentum = 0 }) {
      const params = start.slice();
      const velocity = new Float32Array(start.length);
      for (let step = 0; step < steps; step++) {
        const gradient = applyObjective(slope(params), params, start, objective);
        for (let i = 0; i < params.length; i++) {
          velocity[i] = momentum * velocity[i] + gradient[i];
          params[i] -= learningRate * velocity[i];
        }
      }
      return { values: params.map((value, i) => value - start[i]), steps, examples, lossAtStart: loss(start) };
    },
    gradient: async (at) => slope(at),
    batches: ({ steps = 1 }) => ({
      examples,
      each: Array.from({ length: steps }, () => ({ gradient: async (at: Float32Array) => slope(at) })),
    }),
  };
}

/** f(x) = ½·Σ curvature·(x − optimum)². */
export function quadratic(curvature: number, optimum: readonly number[], examples = 1): Trainer {
  return lossTrainer(
    (at) => at.reduce((sum, x, i) => sum + (curvature * (x - optimum[i]) ** 2) / 2, 0),
    (at) => at.map((x, i) => curvature * (x - optimum[i])),
    examples,
  );
}

/** One gradient step at a time, whatever it is told. */
export const local = (options: Partial<TrainOptions> = {}): TrainOptions =>
  ({
    steps: 1,
    batchSize: 'all',
    learningRate: 0.1,
    rng: seededRng(1),
    ...options,
  }) as TrainOptions;

/** Runs rounds as a server and its clients would, states kept per client. */
export async function federate<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  algorithm: Algorithm<S, B, C, U, R>,
  trainers: readonly Trainer[],
  start: Float32Array,
  {
    rounds,
    options,
    cohort = () => trainers.map((_, i) => i),
  }: {
    rounds: number;
    options: (client: number, round: number) => TrainOptions;
    cohort?: (round: number) => readonly number[];
  },
): Promise<{ state: S; clients: Map<number, C>; params: Float32Array }> {
  let state = algorithm.init(start);
  const clients = new Map<number, C>();
  for (let round = 1; round <= rounds; round++) {
    const aggregator = algorithm.aggregator(algorithm.params(state).length);
    const accumulator = aggregator.create();
    const members = cohort(round);
    for (const client of members) {
      const kept = clients.get(client);
      const report = await algorithm.clientRound({
        broadcast: algorithm.broadcast(state),
        trainer: trainers[client],
        options: options(client, round),
        ...(kept !== undefined && { state: kept }),
      });
      aggregator.accumulate(accumulator, { ...report.contribution, client: `${client}` });
      clients.set(client, report.state);
    }
    state = algorithm.serverStep(state, aggregator.finalize(accumulator), {
      round,
      cohort: members.length,
      population: trainers.length,
    });
    aggregator.dispose(accumulator);
  }
  return { state, clients, params: algorithm.params(state) };
}
