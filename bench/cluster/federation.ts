/**
 * What every process of the cluster agrees on, and what its clients report.
 *
 * @module
 */
import { type FedAvgUpdate, fedAvg, modelDigest, Layout, plainUpdates, seededRng } from '@fedkit/core';

/** What a process is started with, as JSON in its environment. */
export interface ClusterConfig {
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

export const pipelineOf = ({ parameters }: Pick<ClusterConfig, 'parameters'>) =>
  plainUpdates({ algorithm: fedAvg(), size: parameters });

/** The names of clients. */
export const namesOf = ({ clients }: Pick<ClusterConfig, 'clients'>): string[] =>
  Array.from({ length: clients }, (_, i) => `client-${i}`);

/** What a client reports: of its name alone, of magnitudes that differ, so that an order that mattered would show. */
export function contributionOf(client: string, parameters: number): { values: FedAvgUpdate; weight: number } {
  const rng = seededRng(client);
  const bits = new Uint32Array(rng.fill(new Uint8Array(4 * parameters)).buffer);
  const scale = 2 ** (rng.below(16) - 24);
  return {
    values: { update: Float32Array.from(bits, (word) => (word % 2 ** 20) * scale) },
    weight: 1 + rng.below(100),
  };
}

/** The digest of the model that one process comes to. */
export function expectedDigest(config: Pick<ClusterConfig, 'parameters' | 'clients'>): string {
  const algorithm = fedAvg();
  const { parameters } = config;
  const rule = algorithm.aggregator(parameters);
  const sum = rule.create();
  for (const client of namesOf(config)) rule.accumulate(sum, { client, ...contributionOf(client, parameters) });
  const info = { round: 1, cohort: config.clients, population: config.clients };
  const state = algorithm.serverStep(algorithm.init(new Float32Array(parameters)), rule.finalize(sum), info);
  rule.dispose(sum);
  return digestOf(algorithm.params(state));
}

export function digestOf(params: Float32Array): string {
  return modelDigest(Layout.of([{ name: 'model', shape: [params.length] }]), params);
}
