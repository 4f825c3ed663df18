/**
 * What every process of the cluster agrees on, and what its clients report.
 *
 * @module
 */
import {
  centralDp,
  coordinateMedian,
  type FedAvgUpdate,
  fedAvg,
  Layout,
  mean,
  modelDigest,
  plainUpdates,
  secureSum,
  seededRng,
  type Store,
} from '@fedkit/core';
import type { CentralNoiseMaker, PrivacyFilter } from '@fedkit/core/pipeline';
import { commonRange } from '@fedkit/compression';
import { gaussianMechanism, type PrivacyLedger, privacyLedger, rdpAccountant } from '@fedkit/privacy';
import { type MaskExecutor, secureAggregation } from '@fedkit/secagg';

/** What becomes of the updates: their mean; their median by ranges of coordinates; a noised mean that a budget pays for; a secure sum. */
export type Work = 'mean' | 'median' | 'central' | 'secure';

/** What a process is started with, as JSON in its environment. */
export interface ClusterConfig {
  readonly work: Work;
  readonly database: 'redis' | 'postgres';
  readonly url: string;
  /** Where blobs are. */
  readonly folder: string;
  readonly name: string;
  readonly parameters: number;
  readonly clients: number;
  readonly shard: number;
  /** Of the coordinator. */
  readonly port: number;
  /** Of front ends, in their order. */
  readonly ports: readonly number[];
  /** 64 hexadecimal digits: what front ends and coordinator share. */
  readonly key: string;
  /** Milliseconds that a task is held before its work, so that something is under way when a worker dies. */
  readonly hold: number;
}

/** Integers of a secure client's update lie in ±RANGE: a step of its codec is 1, so that nothing is rounded. */
const RANGE = 2 ** 14;
/** Of central noise. */
export const CLIP = 1;
export const NOISE = 4;
const mechanism: CentralNoiseMaker = (options) => gaussianMechanism({ placement: 'central', ...options });

/** The mean of updates as they are. */
export const meanOf = (size: number) => plainUpdates({ algorithm: fedAvg(), size });

/** @param server - What only the server has. */
export function pipelineOf(
  { work, parameters: size, clients }: Pick<ClusterConfig, 'work' | 'parameters' | 'clients'>,
  server: { readonly executor?: MaskExecutor; readonly recipients?: PrivacyFilter } = {},
) {
  if (work === 'secure') {
    return secureSum({
      algorithm: fedAvg({ aggregate: (length) => mean(length) }),
      size,
      codec: commonRange({
        bits: 2 + Math.ceil(Math.log2(RANGE * clients)),
        range: boundOf(clients),
        contributors: clients,
      }),
      minimumContributors: clients - vanishing(clients),
      aggregation: secureAggregation({
        mode: 'semi-honest',
        corruptFraction: 0.1,
        dropoutFraction: 0.3,
        // Each party its own, in earnest.
        sealingKey: new Uint8Array(32).fill(7),
        ...(server.executor && { executor: server.executor }),
      }),
    });
  }
  if (work === 'central') {
    return centralDp({
      algorithm: fedAvg({ aggregate: (length) => mean(length) }),
      size,
      clip: CLIP,
      weighting: { kind: 'uniform' },
      noiseStd: NOISE,
      mechanism,
      expectedContributors: clients,
      ...(server.recipients && { filters: { recipients: server.recipients } }),
    });
  }
  if (work === 'mean') return meanOf(size);
  return plainUpdates({ algorithm: fedAvg({ aggregate: coordinateMedian as never }), size });
}

/** The codec's bound at these bits: a range of the same makes its step 1. */
const boundOf = (clients: number): number =>
  Math.floor((2 ** (1 + Math.ceil(Math.log2(RANGE * clients))) - 1) / clients);

/** Secure clients that vanish once the others have keys with them. */
export const vanishing = (clients: number): number => Math.floor(clients / 6);

/** The budget that a round of `central` is charged to. */
export function ledgerOn(store: Store, name: string): Promise<PrivacyLedger> {
  return privacyLedger({
    run: name,
    unit: 'user',
    events: 'fixed',
    store,
    key: 'ledger',
    budget: { epsilon: 8, delta: 1e-5 },
    accountant: () => rdpAccountant({ neighboring: 'add-or-remove' }),
  });
}

/** The names of clients. */
export const namesOf = ({ clients }: Pick<ClusterConfig, 'clients'>): string[] =>
  Array.from({ length: clients }, (_, i) => `client-${i}`);

/** What a client reports: of its name alone, of magnitudes that differ, so that an order that mattered would show. */
export function contributionOf(
  client: string,
  { work, parameters }: Pick<ClusterConfig, 'work' | 'parameters'>,
): { values: FedAvgUpdate; weight: number } {
  const rng = seededRng(client);
  const bits = new Uint32Array(rng.fill(new Uint8Array(4 * parameters)).buffer);
  if (work === 'secure')
    return { values: { update: Float32Array.from(bits, (word) => (word % (2 * RANGE + 1)) - RANGE) }, weight: 1 };
  const scale = 2 ** (rng.below(16) - 24);
  // By hand: `from` with a function takes several times as long.
  const update = new Float32Array(parameters);
  for (let i = 0; i < parameters; i++) update[i] = (bits[i] % 2 ** 20) * scale;
  return {
    values: { update },
    weight: 1 + rng.below(100),
  };
}

/** The model that one process comes to; of `central` without its noise. */
export function expectedParams(config: Pick<ClusterConfig, 'work' | 'parameters' | 'clients'>): Float32Array {
  const { work, parameters, clients } = config;
  const { algorithm } = pipelineOf(config);
  const rule = algorithm.aggregator(parameters);
  const sum = rule.create();
  const counted = namesOf(config).slice(work === 'secure' ? vanishing(clients) : 0);
  for (const client of counted) {
    const { values, weight } = contributionOf(client, config);
    if (work === 'central') {
      const norm = Math.sqrt(values.update.reduce((total, value) => total + value * value, 0));
      values.update.forEach((value, i) => (values.update[i] = value * Math.min(1, CLIP / norm)));
    }
    rule.accumulate(sum, { client, values, weight } as never);
  }
  const info = { round: 1, cohort: clients, population: clients };
  const state = algorithm.serverStep(algorithm.init(new Float32Array(parameters)), rule.finalize(sum) as never, info);
  rule.dispose(sum);
  return algorithm.params(state);
}

export function digestOf(params: Float32Array): string {
  return modelDigest(Layout.of([{ name: 'model', shape: [params.length] }]), params);
}
