/**
 * The experiment of the FedAvg paper on MNIST, as data: every thread builds the same federation from the same seed.
 *
 * McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, section 3:
 * the 2NN, 100 clients, C = 0.1, E = 1, B = 10.
 *
 * @module
 */
import {
  fedAvg,
  type FedAvgBroadcast,
  type FedAvgState,
  type FedAvgUpdate,
  type LinearAlgorithm,
  mlp,
  type NoState,
  type PlainModel,
  plainTrainer,
  seededRng,
  type Trainer,
  withMetrics,
} from '@fedkit/core';
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

/** What a client sends: how it changed the model, and what it measured. */
export type Update = FedAvgUpdate & { readonly metrics: Float32Array };

/** 784-200-200-10, 199,210 parameters. */
export const model: PlainModel = mlp({ layers: [PIXELS, 200, 200, DIGITS] });
export const clientIds: readonly string[] = Array.from({ length: CLIENTS }, (_, i) => String(i));
/** Every client also measures, in numbers that add: what the model as it comes loses on its own digits, and how far it moves it. */
export const algorithm: LinearAlgorithm<FedAvgState<NoState>, FedAvgBroadcast, NoState, Update, Update> = withMetrics(
  fedAvg(),
  { bounds: { loss: 10 }, maximumExamples: 600, maximumNorm: 10 },
);

export type MnistEngine = ClientEngine<FedAvgBroadcast, NoState, Update>;
export type CentralEngine = ClientEngine<FedAvgBroadcast, NoState, FedAvgUpdate>;

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
  return inlineEngine({ algorithm, clients, local: localOf(experiment), seed: experiment.seed });
}

/** Runs {@link CENTRALIZED} on this thread; nobody asks what it measures. */
export function centralEngine(experiment: Experiment, { train }: Mnist): CentralEngine {
  const clients = new Map([[CENTRALIZED, plainTrainer(model, train)]]);
  return inlineEngine({ algorithm: fedAvg(), clients, local: localOf(experiment), seed: experiment.seed });
}

function localOf({ learningRate }: Experiment): { epochs: number; batchSize: number; learningRate: number } {
  return { epochs: EPOCHS, batchSize: BATCH_SIZE, learningRate };
}
