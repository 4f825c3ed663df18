/**
 * The experiment of the FedAvg paper on MNIST, as data: every thread builds the same federation from the same seed.
 *
 * McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, section 3:
 * the 2NN, 100 clients, C = 0.1, E = 1, B = 10.
 *
 * @module
 */
import { fedAvg, mlp, type PlainModel, plainTrainer, seededRng, type Trainer } from '@fedkit/core';
import { type ClientEngine, iidPartition, inlineEngine, shardPartition } from '@fedkit/core/simulation';
import { DIGITS, type Mnist, PIXELS } from '../data/mnist.ts';

/** What one run trains. */
export interface Experiment {
  readonly split: 'iid' | 'shards';
  readonly seed: number;
  readonly learningRate: number;
}

export const CLIENTS = 100;
export const COHORT = 10;
export const EPOCHS = 1;
export const BATCH_SIZE = 10;
/** One more "client", which holds all the digits and is never drawn: training without federation, to compare with. */
export const CENTRALIZED = 'centralized';

/** 784-200-200-10, 199,210 parameters. */
export const model: PlainModel = mlp({ layers: [PIXELS, 200, 200, DIGITS] });
export const clientIds: readonly string[] = Array.from({ length: CLIENTS }, (_, i) => String(i));
export const algorithm: ReturnType<typeof fedAvg> = fedAvg();

export type MnistEngine = ClientEngine<{ params: Float32Array }, Record<string, never>, { update: Float32Array }>;

/** The model that round 1 starts from. */
export function initialModel({ seed }: Experiment): Float32Array {
  return model.init(seededRng(seed).fork('model'));
}

/** Which digits each client holds. */
export function partition({ split, seed }: Experiment, labels: ArrayLike<number>): Uint32Array[] {
  const rng = seededRng(seed).fork('partition');
  return split === 'iid'
    ? iidPartition(labels.length, { clients: CLIENTS }, rng)
    : shardPartition(labels, { clients: CLIENTS, shardsPerClient: 2 }, rng);
}

/** Runs any of the clients on this thread. */
export function mnistEngine(experiment: Experiment, { train }: Mnist): MnistEngine {
  const parts = partition(experiment, train.labels);
  const clients = new Map<string, Trainer>(
    clientIds.map((client, i) => [client, plainTrainer(model, { ...train, rows: parts[i] })]),
  );
  clients.set(CENTRALIZED, plainTrainer(model, train));
  const local = { epochs: EPOCHS, batchSize: BATCH_SIZE, learningRate: experiment.learningRate };
  return { ...inlineEngine({ algorithm, clients, local, seed: experiment.seed }), clients: clientIds };
}
