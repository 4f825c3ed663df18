/**
 * What the page shows, as plain JSON.
 *
 * @module
 */
import { type FederatedServer, isFedkitError, type PlainData, type RoundMetrics } from '@fedkit/core';
import type { RoundRecord } from '@fedkit/core/round';

/** Awaited clients that are named; their number is told whole. */
const NAMED = 200;

/** Where a federation stands. */
export interface Snapshot {
  readonly run: string;
  readonly phase: string;
  readonly paused: boolean;
  readonly ready: boolean;
  readonly reason?: string;
  readonly round: number;
  readonly published: number;
  readonly waiting: number;
  readonly open: number;
  readonly accepted: number;
  readonly stage?: string;
  readonly remaining?: number;
  readonly awaited: readonly string[];
  readonly history?: readonly number[];
  /** Who takes part no more. */
  readonly excluded?: readonly { readonly client: string; readonly round: number }[];
  readonly lastFailure?: string;
}

export function snapshotOf(server: FederatedServer<PlainData>): Snapshot {
  const {
    phase,
    paused,
    round,
    published,
    waiting,
    open,
    accepted,
    stage,
    remaining,
    awaited,
    history,
    excluded,
    lastFailure,
  } = server.progress;
  const { ready, reason } = server.readiness;
  return {
    run: Buffer.from(server.run).toString('hex'),
    phase,
    paused,
    ready,
    ...(reason !== undefined && { reason }),
    round,
    published,
    waiting,
    open,
    accepted,
    ...(stage !== undefined && { stage }),
    ...(remaining !== undefined && { remaining: Math.ceil(remaining) }),
    awaited: awaited.slice(0, NAMED),
    ...(history !== undefined && { history }),
    ...(excluded !== undefined && { excluded }),
    ...(lastFailure !== undefined && { lastFailure: messageOf(lastFailure.error) }),
  };
}

/** A record as a row of the page. */
export interface Row {
  readonly round: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly base?: number;
  readonly invited: number;
  readonly contributors: number;
  readonly dropouts: number;
  readonly late: number;
  readonly up: number;
  readonly down: number;
  readonly seconds: number;
  /** ε by observer, where there is a budget. */
  readonly epsilon?: { readonly server?: number; readonly recipients?: number; readonly delta: number };
  /** By metric: the mean over all examples, and under noise its standard error. */
  readonly metrics?: Readonly<Record<string, { readonly mean: number; readonly standardError?: number }>>;
}

export function rowOf({ round, outcome, reason, base, invited, contributors, ...rest }: RoundRecord): Row {
  const { dropouts, late, bytes, milliseconds, facts } = rest;
  return {
    round,
    outcome,
    ...(reason !== undefined && { reason }),
    ...(base !== undefined && { base }),
    invited,
    contributors: contributors.length,
    dropouts: Object.values(dropouts).reduce((sum, count) => sum + count, 0),
    late,
    up: bytes.up,
    down: bytes.down,
    seconds: milliseconds / 1000,
    ...(facts.epsilon !== undefined && { epsilon: facts.epsilon }),
    ...(facts.metrics !== undefined && { metrics: meansOf(facts.metrics) }),
  };
}

/** The means of a round, those of other groups under the group's name. */
function meansOf({ metrics, personal, heldOut }: RoundMetrics): NonNullable<Row['metrics']> {
  const named = (prefix: string, of: RoundMetrics['metrics'] = {}) =>
    Object.entries(of).map(([name, { mean, standardError }]) => [
      `${prefix}${name}`,
      { mean, ...(standardError !== undefined && { standardError }) },
    ]);
  return Object.fromEntries([
    ...named('', metrics),
    ...named('personal ', personal?.metrics),
    ...named('held out ', heldOut?.metrics),
  ]) as NonNullable<Row['metrics']>;
}

/** What an operator is told of an error: a FedkitError's message holds no secret, of others only the name is known to hold none. */
export function messageOf(error: unknown): string {
  if (isFedkitError(error)) return `${error.code} ${error.message}`;
  return error instanceof Error ? `${error.name}: see the log` : 'see the log';
}
