/**
 * Everything a client must not forget, as one record: it is written in one `put`, so that what it remembers of earlier
 * rounds and what became of the present one never disagree.
 *
 *     none ─ task ─▶ training ─ trained ─▶ reporting ──┬─ counted ───▶ none, `next` kept
 *       ▲               │                  exchanging ─┼─ accepted ──▶ none, `unsettled` until its round has ended
 *       │               │                              └─ discarded ─▶ none, `kept` as before
 *       └──── left ──── leaving ◀──── refused, expired ────┘
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import type { DeclineReason, RoundTask } from '../protocol/message.ts';
import type { KeptExchange } from '../secure/kept-format.ts';

/** What a client brings from one counted round to its next. */
export interface Kept {
  /** The algorithm's client state, as `encodeState` wrote it: SCAFFOLD's c_i, FedDyn's g_i. */
  readonly state?: Uint8Array;
  /** The pipeline's memory: error feedback's residual, client momentum. */
  readonly memory?: Uint8Array;
}

/** What the client is at. */
export type Work =
  | { readonly kind: 'none' }
  /** Has the task; downloads the model and trains. `expiresAt` by the client's clock, or infinite. */
  | { readonly kind: 'training'; readonly task: RoundTask; readonly expiresAt: number }
  /** Has trained; `request` goes out until it is answered. `next` is kept if and only if it counts. */
  | {
      readonly kind: 'reporting';
      readonly task: RoundTask;
      readonly next: Kept;
      /** The encoded request, in one part once it is stored. */
      readonly request: readonly Uint8Array[];
    }
  /** Has trained; takes part in a secure sum. */
  | ({
      readonly kind: 'exchanging';
      readonly task: RoundTask;
      readonly next: Kept;
    } & KeptExchange)
  /** Does not want the task, and says so: with a reason, where there is one besides time. */
  | { readonly kind: 'leaving'; readonly ticket: number; readonly reason?: DeclineReason };

/** The part of the record that an exchange moves. */
export type ExchangingWork = Extract<Work, { kind: 'exchanging' }>;

/** A client's whole durable state. */
export interface ClientRecord {
  /** 32 bytes: the pipeline it belongs to. */
  readonly pipeline: Uint8Array;
  /** 16 bytes: the run that `kept` comes from; absent before the first task. */
  readonly run?: Uint8Array;
  readonly kept: Kept;
  /** A report that was accepted, and what is kept if and only if its round is published with it. */
  readonly unsettled?: { readonly task: RoundTask; readonly next: Kept };
  /** The ticket that was resolved last. */
  readonly resolved?: number;
  readonly work: Work;
}

/** A client that has seen nothing. */
export function freshRecord(pipeline: Uint8Array): ClientRecord {
  return { pipeline, kept: {}, work: { kind: 'none' } };
}

/** Takes a task. What was kept in another run is forgotten: its server counted none of it. */
export function begin(record: ClientRecord, task: RoundTask, now: number): ClientRecord {
  const { resolved: _resolved, run: _run, unsettled: _unsettled, ...rest } = record;
  const own = sameRun(record, task) ? record : { ...rest, run: task.run, kept: {} };
  const expiresAt = task.expiresIn === 0 ? Infinity : now + task.expiresIn;
  return { ...own, work: { kind: 'training', task, expiresAt } };
}

/** Ends a ticket: what it would have left is kept if it counted, and otherwise as if it had never been. */
export function resolve(
  record: ClientRecord,
  { task, next }: Extract<Work, { kind: 'reporting' | 'exchanging' }>,
  counted: boolean,
): ClientRecord {
  return {
    ...record,
    kept: counted ? next : record.kept,
    resolved: task.ticket,
    work: { kind: 'none' },
  };
}

/** Whether a client remembers anything of a round, so that it matters whether the round was published. */
export function remembers({ kept }: ClientRecord, { next }: TrainedRecord): boolean {
  return [kept.state, kept.memory, next.state, next.memory].some((bytes) => bytes !== undefined);
}

/** Ends a ticket whose report the server has taken: what is kept of it waits for the end of its round. */
export function accept(record: ClientRecord, { task, next }: TrainedRecord): ClientRecord {
  return { ...record, unsettled: { task, next }, resolved: task.ticket, work: { kind: 'none' } };
}

/** The end of the round of an accepted report. */
export function settle(record: ClientRecord, counted: boolean): ClientRecord {
  const { unsettled, ...rest } = record;
  return counted && unsettled ? { ...rest, kept: unsettled.next } : rest;
}

type TrainedRecord = Extract<Work, { kind: 'reporting' | 'exchanging' }>;

/** Gives a ticket up: nothing of it is kept. */
export function giveUp(record: ClientRecord, ticket: number, reason?: DeclineReason): ClientRecord {
  return { ...record, work: { kind: 'leaving', ticket, ...(reason && { reason }) } };
}

export function sameRun({ run }: ClientRecord, task: RoundTask): boolean {
  return run !== undefined && sameBytes(run, task.run);
}
