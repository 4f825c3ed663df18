/**
 * The ledger: what a round came to, in numbers that may be kept and shown.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { ErrorCode } from '../errors.ts';
import type { DeclineReason } from '../protocol/message.ts';
import type { Blame } from '../secure/contract.ts';
import type { PipelineFacts } from '../pipeline/contract.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';

/** One finished round: plain JSON. In asynchronous runs, one step of the server. */
export interface RoundRecord {
  readonly round: number;
  readonly outcome: 'published' | 'abandoned' | 'cancelled';
  /** Why nothing was published. */
  readonly reason?: ErrorCode;
  /** How the cohort was really drawn: `none` after over-selection, or once places were filled anew. */
  readonly scheme: SamplingScheme;
  /** N: clients that could have been drawn. */
  readonly population: number;
  /** Tickets issued. */
  readonly invited: number;
  /** Whose updates are in the model, each once; empty unless published. */
  readonly contributors: readonly ClientId[];
  /** Invited clients that were still there at the end: all that was asked of them had come. */
  readonly survivors: number;
  /** Invited clients that were not, by the stage in which they were last awaited. */
  readonly dropouts: Readonly<Record<string, number>>;
  /** Of those, tickets that their clients declined, by reason; absent without any. */
  readonly declined?: Readonly<Partial<Record<DeclineReason, number>>>;
  /** Reports that came too late and were not counted, since the record before this one. */
  readonly late: number;
  /** Reports that had been counted before, since the record before this one; 0 where clients exchange messages, which they repeat. */
  readonly duplicates: number;
  /** Requests that were refused, by code, since the record before this one. */
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Bytes of requests and of responses since the record before this one. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** Server steps between a contribution's model and the model it went into; in asynchronous runs alone. */
  readonly staleness?: { readonly mean: number; readonly max: number };
  /** From the first invitation to the end, by the clock handed in; pauses and times without a server do not count. */
  readonly milliseconds: number;
  readonly facts: PipelineFacts;
  /** The round whose model it started from, after the run was rolled back; absent where that is the one published before. */
  readonly base?: number;
  /** Who was proved not to have followed the protocol, where the round came to nothing; of a published one `facts` says it. */
  readonly blamed?: readonly Blame[];
}

/** Counts between two records. */
export interface Counters {
  readonly late: number;
  readonly duplicates: number;
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly declined?: Readonly<Partial<Record<DeclineReason, number>>>;
  readonly up: number;
  readonly down: number;
}

export const NO_COUNTS: Counters = { late: 0, duplicates: 0, refused: {}, up: 0, down: 0 };

/** What a record's `bytes` are counted from. */
export function countTraffic(
  counters: Counters,
  { up, down }: { readonly up: number; readonly down: number },
): Counters {
  return { ...counters, up: counters.up + up, down: counters.down + down };
}

/** One late report or duplicate more. */
export function countReport(counters: Counters, what: 'late' | 'duplicates'): Counters {
  return { ...counters, [what]: counters[what] + 1 };
}

/** One declined ticket more. */
export function countDecline(counters: Counters, reason: DeclineReason): Counters {
  const { declined = {} } = counters;
  return { ...counters, declined: { ...declined, [reason]: (declined[reason] ?? 0) + 1 } };
}

/** Tickets that were declined, for whatever reason. */
export function declinesOf({ declined = {} }: Counters): number {
  return Object.values(declined).reduce((sum, count) => sum + count, 0);
}

/** One refusal more. */
export function countRefusal(counters: Counters, code: ErrorCode): Counters {
  return { ...counters, refused: { ...counters.refused, [code]: (counters.refused[code] ?? 0) + 1 } };
}
