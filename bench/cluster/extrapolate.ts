/**
 * From pieces that were measured to rounds that nobody has run here: named assumptions, list prices, and what breaks first.
 *
 * @module
 */
import type { DatabaseLoad } from '../../packages/bullmq/test/database-load.ts';
import { type Costs, foldingTime, piecesAt } from './queueing.ts';

/** What is assumed of machines. */
export const ASSUMED = {
  /** Bytes a second that one front end or worker moves to or from the blobs. */
  blobRate: 250e6,
  /** Bytes a second that the store of blobs gives to all together. */
  storeRate: 10e9,
  /** Reports a second that the coordinator's journal takes, several to a write. */
  journalRate: 2000,
  fronts: 100,
  workers: 1000,
  /** Dollars of a virtual core an hour: half of a c7i.large on demand, AWS us-east-1, 0.0893 $. */
  coreHour: 0.0446,
  /** Dollars of a gigabyte sent to the Internet: AWS, beyond 150 TB a month. */
  egress: 0.05,
} as const;

/** A setting. */
export interface Setting {
  readonly what: string;
  readonly clients: number;
  readonly parameters: number;
  /** Bytes that a value has on its way up: 4 as float32, 1/8 by a codec of one bit. */
  readonly bytes: number;
  readonly shard: number;
}

/** Those that docs/scaling.md tells of. */
export const SETTINGS: readonly Setting[] = [
  { what: 'a million clients, 10^6 parameters', clients: 1e6, parameters: 1e6, bytes: 4, shard: 1000 },
  { what: 'the same by a codec of one bit', clients: 1e6, parameters: 1e6, bytes: 1 / 8, shard: 1000 },
  { what: 'a thousand clients, adapter of 4 * 10^6 on 10^9', clients: 1000, parameters: 4e6, bytes: 4, shard: 32 },
  { what: 'a million clients, adapter of 4 * 10^6 on 10^9', clients: 1e6, parameters: 4e6, bytes: 4, shard: 1000 },
];

/** A round of it: bytes, seconds, dollars. */
export interface Extrapolated extends Setting {
  readonly up: number;
  readonly down: number;
  readonly accumulators: number;
  readonly cpu: number;
  /** Seconds of each step if nothing else slowed it: the longest breaks first. */
  readonly steps: Readonly<Record<string, number>>;
  readonly slowest: string;
  readonly jobs: number;
  /** Of the database while the jobs run, where a task's own is known. */
  readonly database?: DatabaseLoad;
  readonly machines: number;
  readonly traffic: number;
}

export function extrapolate(costs: Costs, setting: Setting, task?: DatabaseLoad): Extrapolated {
  const { clients, parameters, bytes, shard } = setting;
  const { blobRate, storeRate, journalRate, fronts, workers, coreHour, egress } = ASSUMED;
  const up = clients * parameters * bytes;
  const down = clients * parameters * 4;
  const shards = Math.ceil(clients / shard);
  const accumulators = 2 * shards * 16 * parameters;
  const crew = { reports: clients, parameters, shard, workers, cores: workers };
  const flat = foldingTime(costs, crew);
  const tree = foldingTime(costs, { ...crew, fanIn: 32 });
  const steps = {
    'reports through the front ends': up / Math.min(storeRate, fronts * blobRate),
    'the journal, one writer': clients / journalRate,
    'reports to the workers': up / Math.min(storeRate, workers * blobRate),
    folding: flat.fold,
    'the last merge, one task': flat.merge + (shards * 16 * parameters) / blobRate,
    'in its place merges of 32, a tree':
      tree.merge + (32 * 16 * parameters * Math.ceil(Math.log(shards) / Math.log(32))) / blobRate,
  };
  const piece = piecesAt(costs.pieces, parameters);
  const cpu = clients * piece.report + shards * (piece.fold + piece.part + costs.overhead) + piece.merge;
  const [slowest] = Object.entries(steps).sort(([, a], [, b]) => b - a)[0];
  return {
    ...setting,
    up,
    down,
    accumulators,
    cpu,
    steps,
    slowest,
    jobs: shards + 1,
    ...(task && { database: { commands: (shards + 1) * task.commands, bytes: (shards + 1) * task.bytes } }),
    machines: (cpu / 3600) * coreHour,
    traffic: (down / 1e9) * egress,
  };
}
