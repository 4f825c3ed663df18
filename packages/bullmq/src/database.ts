/**
 * The two databases that queues and stores can be on, behind what both have in common.
 *
 * @module
 */
import type { Store } from '@fedkit/core';
import type { FlowProducer, Processor, Queue, Worker, WorkerOptions } from 'bullmq';

/** Redis or PostgreSQL: `redis(…)`, `postgres(…)`. */
export interface Database {
  readonly kind: 'redis' | 'postgres';
  /**
   * Connects, and makes what is missing.
   *
   * @throws FedkitError `PROTOCOL_STATE` for a database that would lose rounds: keys evicted, nothing on its disk, commits not awaited,
   * a schema of another version; `UNAVAILABLE` where it cannot be reached.
   */
  prepare(): Promise<void>;
  /**
   * A store under `prefix`, as `storeLaws` demands. Connects when it is first used, and refuses then a server whose acknowledged
   * writes may be lost, by `PROTOCOL_STATE`, unless `lossy` says that it may. On PostgreSQL a key of more than 2600 bytes, its prefix
   * included, is `OUT_OF_RANGE`.
   */
  store(options?: { readonly prefix?: string; readonly lossy?: boolean }): DatabaseStore;
  queue(name: string): Queue;
  flows(): FlowProducer;
  worker(name: string, processor: Processor, options: Omit<WorkerOptions, 'connection' | 'prefix'>): Worker;
}

/** A store with a connection of its own. */
export interface DatabaseStore extends Store {
  readonly compareAndSwap: NonNullable<Store['compareAndSwap']>;
  close(): Promise<void>;
}
