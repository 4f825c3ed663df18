/**
 * What a client checks of a set of survivors before it acknowledges it or releases a share for it.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { utf8Decode } from '@fedkit/core/internal';
import type { CohortEntry } from '../cohort-ledger.ts';
import type { RoundConfig } from '../config/round-config.ts';
import { decodeSurvivors } from '../messages/survivors.ts';
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
 * Proposes the cohort of a sum to the ledger: it is remembered with the state that agrees to it.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` for one too close to an earlier cohort.
 */
export function recordCohort(ledger: CohortEntry | undefined, { self, peers }: ClientState, survived: Survivors): void {
  if (ledger === undefined) return;
  ledger.propose([self, ...peers.filter((_, i) => survived.peers[i])].map(({ id }) => utf8Decode(id)));
}

/** Whose sum the client had agreed to in this state; `undefined` before it has. Complete graph only. */
export function agreedCohort(config: RoundConfig, state: ClientState): ClientId[] | undefined {
  const { self, peers, survivors } = state;
  if (survivors.length === 0) return undefined;
  const survived = survivorsByPlace(config, state, decodeSurvivors(config, survivors)).peers;
  return [self, ...peers.filter((_, i) => survived[i])].map(({ id }) => utf8Decode(id));
}

/** @throws FedkitError `THRESHOLD_NOT_MET` for too few, `AUTHENTICATION_FAILED` for a set that cannot be. */
export function checkSurvivors(config: RoundConfig, { inbox }: ClientState, survivors: Survivors): void {
  const { total, own, peers, unknown } = survivors;
  const complete = config.graph === 'complete';
  requireCount('survivors', Math.max(config.minimumClients, complete ? config.threshold : 0), total);
  if (!own) refuseMessage('this client among the survivors', 'it among the dropped');
  if (unknown > 0 || peers.some((bit, i) => bit && inbox[i] === undefined)) {
    refuseMessage('survivors this client masked with, among its peers', 'another');
  }
  if (!complete) requireCount('surviving neighbours', config.threshold, peers.filter(Boolean).length);
}
