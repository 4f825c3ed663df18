/**
 * The experiment as data: every thread builds the same federation from the same seed.
 *
 * @module
 */
import { generateKeyPairSync } from 'node:crypto';
import {
  type ClientHalf,
  type ClientId,
  distributedDp,
  type FedAvgBroadcast,
  type FedAvgState,
  type FedAvgUpdate,
  fedAvg,
  type LinearAlgorithm,
  mean,
  memoryStore,
  type NoState,
  type Pipeline,
  type PlainModel,
  plainTrainer,
  plainUpdates,
  poissonSelection,
  type Selector,
  seededRng,
  softmaxRegression,
  type Trainer,
  withMetrics,
} from '@fedkit/core';
import type { Filters } from '@fedkit/core/pipeline';
import type { PoissonSampling } from '@fedkit/core/select';
import { iidPartition } from '@fedkit/core/simulation';
import { rotation } from '@fedkit/compression';
import {
  distributedGaussianMechanism,
  type DistributedMechanism,
  type DistributedOptions,
  privacyLedger,
  rdpAccountant,
} from '@fedkit/privacy';
import { type CryptoProvider, type Identity, secureAggregation } from '@fedkit/secagg';
import { DIGITS, type Mnist, PIXELS } from '../data/mnist.ts';
import type { RoundOrder } from './clients.ts';
import type { SharingProvider } from './sharing-provider.ts';

export interface Experiment {
  readonly seed: number;
  /** σ / clip: noise of the fewest survivors over what one user can add. */
  readonly noiseMultiplier: number;
  /** Whether the private federation measures too, under noise of its own, which costs ε. The plain one always does. */
  readonly metrics: boolean;
}

export const USERS = 512;
/** Every user joins a round with this probability, independently: about 67. */
export const PROBABILITY = 0.13;
export const ROUNDS = 64;
/** Of a cohort, half of them before they send their input, half after. */
export const DROPOUTS = 0.1;
/** Sums of fewer are not opened, by every client's policy; their noise alone covers the claim. */
export const MINIMUM_SURVIVORS = 44;
export const MAXIMUM_COHORT = 128;
export const BITS = 12;
export const CLIP = 0.2;
export const DELTA = 1e-4;
/** Users hold 117 or 118 digits, of which a model that knows nothing loses ln 10 = 2.3 nats each. */
const MEASURED = { bounds: { loss: 2.5 }, maximumExamples: 118 };
/** Of updates, in the clear alone: under noise every value more takes its share of what the others may tell. */
const MAXIMUM_NORM = 10;
/** σ_b on each sum of metrics, of the fewest survivors: a user adds 1 at most to each of three. */
export const METRICS_NOISE = 8;
/** No round is opened that would take ε above this, for either observer. */
const BUDGET = 16;
const LOCAL = { epochs: 1, batchSize: 10, learningRate: 0.1 };

export const selection: Selector<PoissonSampling> = poissonSelection({ probability: PROBABILITY });

/** 784-10 softmax regression, 7,850 weights. */
export const model: PlainModel = softmaxRegression({ inputs: PIXELS, classes: DIGITS });
export const users: readonly ClientId[] = Array.from({ length: USERS }, (_, i) => `user-${i}`);

export type Update = FedAvgUpdate;
export type FederationKind = 'plain' | 'private';
export type MnistPipeline = Pipeline<FedAvgState<NoState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>;
type MnistAlgorithm = LinearAlgorithm<FedAvgState<NoState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>;

/** The users' side of a federation. */
export interface Devices {
  halfOf(client: ClientId): ClientHalf<Update>;
  train(client: ClientId, order: RoundOrder): Promise<Update>;
  /** Ends a round: nothing is shared across rounds. */
  forget(): void;
}

/** Everyone's keys. In earnest a device draws its own, and others get the public ones from somewhere that is not the server. */
export type Register = ReadonlyMap<ClientId, Identity & { readonly publicKey: Uint8Array }>;

/** Draws an identity for every user. */
export function enrol(): Register {
  return new Map(
    users.map((user) => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
        publicKeyEncoding: { format: 'der', type: 'spki' },
        privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      });
      // Either encoding ends with the key itself.
      return [user, { secretKey: keyIn(privateKey), publicKey: keyIn(publicKey) }];
    }),
  );
}

function keyIn(der: Uint8Array): Uint8Array {
  return new Uint8Array(der).slice(-32);
}

/** Federated averaging of means; with metrics, updates have a slot of them too. */
function algorithmOf(kind: FederationKind, { metrics }: Experiment): MnistAlgorithm {
  const algorithm = fedAvg({ aggregate: (size) => mean(size) });
  if (kind === 'plain') return withMetrics(algorithm, { ...MEASURED, maximumNorm: MAXIMUM_NORM });
  return metrics ? withMetrics(algorithm, MEASURED) : algorithm;
}

/** A pipeline of the experiment, the same for server and clients but for what is each one's own. */
function pipelineOf(
  kind: FederationKind,
  experiment: Experiment,
  register: Register,
  own: { readonly filters?: Filters; readonly identity?: Identity; readonly provider?: CryptoProvider },
): MnistPipeline {
  const algorithm = algorithmOf(kind, experiment);
  const size = model.layout.size;
  if (kind === 'plain') return plainUpdates({ algorithm, size });
  const { filters, ...client } = own;
  return distributedDp({
    algorithm,
    size,
    clip: CLIP,
    weighting: { kind: 'uniform' },
    noiseStd: experiment.noiseMultiplier * CLIP,
    ...(experiment.metrics && { beside: { metrics: { noiseStd: METRICS_NOISE } } }),
    bits: BITS,
    minimumContributors: MINIMUM_SURVIVORS,
    maximumContributors: MAXIMUM_COHORT,
    expectedContributors: USERS * PROBABILITY * (1 - DROPOUTS),
    mechanism: gaussianShares,
    rotation,
    aggregation: secureAggregation({
      mode: 'malicious',
      corruptFraction: 0.1,
      dropoutFraction: 0.25,
      directory: (client) => register.get(client)?.publicKey,
      sealingKey: new Uint8Array(32),
      ...client,
    }),
    selection,
    accounting: 'poisson',
    ...(filters && { filters }),
  });
}

/** The server's pipeline, with a budget for each observer that is asked before any sum is opened. */
export async function serverPipeline(
  kind: FederationKind,
  experiment: Experiment,
  register: Register,
): Promise<MnistPipeline> {
  const ledger = (run: string, own: { readonly composition?: 'own-rounds' }) =>
    privacyLedger({
      run,
      unit: 'user',
      store: memoryStore(),
      budget: { epsilon: BUDGET, delta: DELTA },
      ...own,
      accountant: () => rdpAccountant({ neighboring: 'add-or-remove' }),
    });
  const server = await ledger('against the server', { composition: 'own-rounds' });
  const recipients = await ledger('against recipients', {});
  return pipelineOf(kind, experiment, register, { filters: { server, recipients } });
}

/** One table of noise for all clients of a thread: they draw from it each by themselves. */
const made = new Map<string, DistributedMechanism>();
function gaussianShares(options: DistributedOptions): DistributedMechanism {
  const key = JSON.stringify(options);
  const mechanism = made.get(key) ?? distributedGaussianMechanism(options);
  made.set(key, mechanism);
  return mechanism;
}

/** The users' side of a federation on one thread. */
export function devicesOf(
  kind: FederationKind,
  experiment: Experiment,
  {
    data,
    register,
    provider,
  }: { readonly data: Mnist; readonly register: Register; readonly provider: SharingProvider },
): Devices {
  const { train } = data;
  const parts = iidPartition(train.labels.length, { clients: USERS }, seededRng(experiment.seed).fork('partition'));
  const halves = new Map<ClientId, ClientHalf<Update>>();
  const trainers = new Map<ClientId, Trainer>();
  const algorithm = algorithmOf(kind, experiment);
  return {
    halfOf(id) {
      const half =
        halves.get(id) ??
        pipelineOf(kind, experiment, register, { identity: register.get(id) as Identity, provider }).client();
      halves.set(id, half);
      return half;
    },
    async train(id, { round, params }) {
      const trainer = trainers.get(id) ?? plainTrainer(model, { ...train, rows: parts[users.indexOf(id)] });
      trainers.set(id, trainer);
      const rng = seededRng(experiment.seed).fork('training', round, id);
      const report = await algorithm.clientRound({ broadcast: { params }, trainer, options: { ...LOCAL, rng } });
      return report.contribution.values;
    },
    forget: () => provider.forget(),
  };
}
