/**
 * What a server is given, and what it gives.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import type { RoundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Directory } from '../directory.ts';
import type { MaskExecutor } from '../executor/mask-task.ts';
import type { ServerStage } from './round.ts';

/** What a server is made of. */
export interface SecAggServerOptions {
  /** As clients are told it. */
  readonly config: RoundConfig;
  /** Awaited before `advance` returns messages. */
  readonly persist?: (sealedState: Uint8Array) => Promise<void>;
  /** 32 secret bytes under which saved state is sealed; needed with `persist`. */
  readonly sealingKey?: Uint8Array;
  /** Public keys of the clients; needed in rounds with identities. */
  readonly directory?: Directory;
  /** Where masks are expanded; default on this thread. */
  readonly executor?: MaskExecutor;
  /** Told of every stage. What it throws or rejects with changes nothing. */
  readonly onProgress?: (progress: ServerProgress) => void;
  /** Default: the best that the engine has. */
  readonly provider?: CryptoProvider;
}

/** How far a stage is: messages that have come, or masks taken out. */
export interface ServerProgress {
  readonly stage: ServerStage;
  readonly kind: 'messages' | 'masks';
  readonly done: number;
  /** What is expected in all; messages of clients that dropped out never come. */
  readonly total: number;
}

/** What a finished round gives. */
export interface SecAggResult {
  /** By name; `Int32Array` for rings up to 32 bits, else `Float64Array`. Exact. */
  readonly sums: Record<string, Int32Array | Float64Array>;
  /** Sum of the survivors' weights; their number where the round is unweighted. */
  readonly weight: number;
  /** Whose inputs are in the sums, in the order of their places. */
  readonly survivors: ClientId[];
}
