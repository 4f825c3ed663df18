/**
 * What a client checks of a set of survivors before it signs it or releases a share for it.
 *
 * @module
 */
import { utf8Decode } from '@fedkit/core/internal';
import type { CohortLedger } from '../cohort-ledger.ts';
import type { RoundConfig } from '../config/round-config.ts';
import { refuseMessage, requireCount } from './round.ts';
import type { ClientState } from './state.ts';

/** Survivors as one client sees them. */
export interface Survivors {
  /** Over the whole round. */
  readonly total: number;
  /** Whether this client is among them. */
  readonly own: boolean;
  /** In the order of its peers. */
  readonly peers: readonly boolean[];
  /** Those that took a place nobody was given. */
  readonly unknown: number;
}

/** Reads a bitmap over all places of the round. */
export function survivorsByPlace(
  config: RoundConfig,
  { self, peers, memberCount }: ClientState,
  survived: readonly boolean[],
): Survivors {
  const total = survived.filter(Boolean).length;
  const own = survived[self.index];
  const among = peers.map(({ index }) => survived[index]);
  // In the complete graph everybody is a peer; on a ring places are given from zero on.
  const unknown =
    config.graph === 'complete'
      ? total - among.filter(Boolean).length - (own ? 1 : 0)
      : survived.filter((bit, place) => bit && place >= memberCount).length;
  return { total, own, peers: among, unknown };
}

/**
 * Remembers the cohort of a sum, before any share of it is released.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` for one too close to an earlier cohort.
 */
export function recordCohort(
  ledger: CohortLedger | undefined,
  { self, peers }: ClientState,
  survived: Survivors,
): void {
  if (ledger === undefined) return;
  ledger.record([self, ...peers.filter((_, i) => survived.peers[i])].map(({ id }) => utf8Decode(id)));
}

/** @throws FedkitError `THRESHOLD_NOT_MET` for too few, `AUTHENTICATION_FAILED` for a set that cannot be. */
export function checkSurvivors(config: RoundConfig, { pairs }: ClientState, survivors: Survivors): void {
  const { total, own, peers, unknown } = survivors;
  const complete = config.graph === 'complete';
  requireCount('survivors', Math.max(config.minimumClients, complete ? config.threshold : 0), total);
  if (!own) refuseMessage('this client among the survivors', 'it among the dropped');
  if (unknown > 0 || peers.some((bit, i) => bit && pairs[i] === undefined)) {
    refuseMessage('survivors that dealt shares', 'one that never did');
  }
  if (!complete) requireCount('surviving neighbours', config.threshold, peers.filter(Boolean).length);
}
