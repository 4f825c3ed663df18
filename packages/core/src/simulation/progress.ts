/**
 * What a simulation tells while it runs.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import type { PipelineFacts } from '../pipeline/contract.ts';
import type { Cohort } from '../select/contract.ts';

/** A round that is over. */
export interface FinishedRound<E> {
  /** 1 for the first. */
  readonly round: number;
  readonly cohort: Cohort;
  /** Those of the cohort whose contribution was folded; the others dropped out. */
  readonly reported: readonly ClientId[];
  /** Those whose report came after the round had ended: of `devices` with a deadline, or with enough. */
  readonly late: readonly ClientId[];
  /** What `evaluate` said of the model after the round; absent where it was not asked. */
  readonly evaluation?: E;
  /** Through a channel: what the round says of itself. Of an algorithm of `withMetrics`, what was measured, without a channel too. */
  readonly facts?: PipelineFacts;
  /** Bytes that clients sent, late ones too: as encoded, or without a channel 4 a value. */
  readonly bytesUp: number;
  /** Bytes that the cohort fetched: 4 a value of the broadcast, with a downlink catch-ups in the place of models. */
  readonly bytesDown: number;
  /** The virtual clock as the round ended, in seconds; absent without `devices`. */
  readonly seconds?: number;
}

/**
 * In this order: `started`, a `reported` for every client of the cohort that did not drop out, in the cohort's order,
 * `finished`. What events hold belongs to the simulation and is not to be changed; measure or keep it as you like.
 */
export type SimulationProgress<S, B, C, U, E> =
  | {
      readonly kind: 'started';
      readonly round: number;
      readonly rounds: number;
      readonly cohort: Cohort;
      readonly broadcast: B;
    }
  | {
      readonly kind: 'reported';
      readonly round: number;
      readonly client: ClientId;
      /** Clients of this round that reported so far, and in all. */
      readonly done: number;
      readonly of: number;
      readonly report: ClientReport<U, C>;
    }
  | ({
      readonly kind: 'finished';
      readonly rounds: number;
      readonly state: S;
      /** The run so far as bytes, for `from`; to be asked before the next round begins. */
      checkpoint(): Uint8Array<ArrayBuffer>;
    } & FinishedRound<E>);
