/**
 * From one stage to the next: whether enough have answered, and what to send to whom.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { CryptoProvider } from '../crypto/provider.ts';
import { hasConsistencyRound } from '../config/round-config.ts';
import type { MerkleTree } from '../graph/merkle.ts';
import { encodeCohort } from '../messages/cohort.ts';
import { encodeCommitments } from '../messages/commitments.ts';
import { HEADER_BYTES, NO_INDEX } from '../messages/header.ts';
import { encodeNeighbours } from '../messages/neighbours.ts';
import { encodeInbox } from '../messages/shares.ts';
import { encodeSurvivors } from '../messages/survivors.ts';
import { encodeUnmaskRequest } from '../messages/unmask-request.ts';
import { encodeWordRun } from '../messages/words.ts';
import { digestOf } from '../internal/hash.ts';
import type { ServerRound, ServerStage } from './round.ts';
import { Unmasking, neededSecrets } from './unmask.ts';

/** A stage about to open. */
export interface OpenedStage {
  readonly stage: ServerStage;
  readonly recipients: readonly number[];
  readonly make: (index: number) => Uint8Array;
}

/** @throws FedkitError `THRESHOLD_NOT_MET`, or `PROTOCOL_STATE` after the end. */
export function requireEnough(round: ServerRound, stage: ServerStage, provider: CryptoProvider): void {
  const { minimumClients, threshold } = round.config;
  const least = round.complete ? Math.max(minimumClients, threshold) : minimumClients;
  switch (stage) {
    case 'advertise':
      return requireCount('advertisements', least, round.members.length);
    case 'reveal':
      return requireCount('revealed parts', least, round.count(round.parts));
    case 'share':
      return requireCount('dealers', least, usableDealers(round).length);
    case 'input':
      requireCount('masked inputs', least, round.maskedCount);
      return requireSurvivingHolders(round, round.masked);
    case 'consistency':
      round.closeWords();
      if (round.complete) requireCount('acknowledgements', threshold, round.count(round.words));
      return requireSurvivingHolders(round, round.releasing);
    case 'unmask': {
      const missing = new Unmasking(round, provider).missing();
      if (missing !== undefined) {
        throw new FedkitError(
          'THRESHOLD_NOT_MET',
          `SecAggServer.advance: expected ${threshold} shares of every secret, got fewer of one`,
          {
            details: { client: round.idOf(missing), threshold },
          },
        );
      }
      return;
    }
    default:
      throw new FedkitError(
        'PROTOCOL_STATE',
        `SecAggServer.advance: expected a round that goes on, got one that is ${stage}`,
      );
  }
}

/** Fixes what the next stage builds on; doing it again, with more answers, replaces it. */
export function openStage(round: ServerRound, stage: ServerStage): OpenedStage {
  const members = round.members.map(({ index }) => index);
  switch (stage) {
    case 'advertise': {
      round.closeMembers();
      if (round.complete) {
        const message = encodeCohort(round.config, round.cohort);
        return { stage: 'share', recipients: members, make: () => message.slice() };
      }
      return { stage: 'reveal', recipients: members, make: (index) => commitmentsFor(round, index) };
    }
    case 'reveal':
      round.closeParts();
      return { stage: 'share', recipients: round.indices(round.parts), make: (index) => neighboursFor(round, index) };
    case 'share':
      return { stage: 'input', recipients: usableDealers(round), make: (index) => sharesFor(round, index) };
    case 'input':
      if (hasConsistencyRound(round.config)) {
        const message = encodeSurvivors(round.config, round.survivorsBody());
        return { stage: 'consistency', recipients: round.survivors(), make: () => message.slice() };
      }
      return { stage: 'unmask', recipients: round.survivors(), make: (index) => unmaskRequestFor(round, index) };
    default:
      round.closeWords();
      return {
        stage: 'unmask',
        recipients: round.indices(round.releasing),
        make: (index) => {
          const request = unmaskRequestFor(round, index);
          round.requestDigests[index] ??= digestOf(request.subarray(HEADER_BYTES));
          return request;
        },
      };
  }
}

/** The messages that `stage` began with, after a restore; `undefined` where it begins with none. */
export function reopenStage(round: ServerRound, stage: ServerStage): OpenedStage | undefined {
  const before = (): ServerStage | undefined => {
    switch (stage) {
      case 'reveal':
        return 'advertise';
      case 'share':
        return round.complete ? 'advertise' : 'reveal';
      case 'input':
        return 'share';
      case 'consistency':
        return 'input';
      case 'unmask':
        return hasConsistencyRound(round.config) ? 'consistency' : 'input';
      default:
        return undefined;
    }
  };
  const ended = before();
  return ended === undefined ? undefined : openStage(round, ended);
}

/**
 * Dealers that can go on. On a ring one with fewer than t dealing neighbours would refuse to mask, and its own secrets
 * could not be rebuilt: it counts as dropped, which may leave others with too few in turn.
 */
export function usableDealers(round: ServerRound): number[] {
  let dealers = round.indices(round.dealt);
  if (round.complete) return dealers;
  const usable = new Set(dealers);
  for (let before = -1; before !== usable.size; ) {
    before = usable.size;
    for (const dealer of usable) {
      let among = 0;
      for (const peer of round.peersOf(dealer)) if (usable.has(peer)) among++;
      if (among < round.config.threshold) usable.delete(dealer);
    }
  }
  dealers = [...usable];
  return dealers;
}

/** The request to the client at `index`; of a semi-honest server in the complete graph the same for all. */
export function unmaskRequestFor(round: ServerRound, index: number): Uint8Array {
  const { config, masked } = round;
  if (hasConsistencyRound(config)) return wordsFor(round, index);
  const total = round.maskedCount;
  if (round.complete) {
    const survived = Array.from({ length: config.clients }, (_, i) => masked[i] === true);
    return encodeUnmaskRequest(config, NO_INDEX, { total, survived });
  }
  const survived = Array.from(round.peersOf(index), (peer) => masked[peer] === true);
  return encodeUnmaskRequest(config, index, { total, survived, seeds: seedsFor(round, index) });
}

/** All words that came for it: which are wrong only it can tell. */
function wordsFor(round: ServerRound, index: number): Uint8Array {
  const words = { hash: round.survivorsHash(), ...round.wordsFor(index), seeds: seedsFor(round, index) };
  return encodeWordRun(round.config, index, words);
}

/** On a ring the shares of its surviving peers' seeds. */
function seedsFor(round: ServerRound, index: number): Uint8Array {
  return round.complete ? new Uint8Array(0) : round.seedsFor(index);
}

function commitmentsFor(round: ServerRound, index: number): Uint8Array {
  const tree = round.memberTree as MerkleTree;
  const commitments = { members: round.members.length, root: tree.root, path: tree.path(index) };
  return encodeCommitments(round.config, index, commitments);
}

function neighboursFor(round: ServerRound, index: number): Uint8Array {
  const partTree = round.partTree as MerkleTree;
  const neighbourhood = { revealed: round.revealed, root: partTree.root, path: partTree.path(index) };
  const neighbours = Array.from(round.ringNeighbours(index), (other) => round.neighbourBytes(other));
  return encodeNeighbours(round.config, index, neighbourhood, neighbours);
}

function sharesFor(round: ServerRound, index: number): Uint8Array {
  const dealt: boolean[] = [];
  for (const dealer of round.peersOf(index)) dealt.push(round.dealt[dealer] === true);
  return encodeInbox(round.config, index, dealt, round.inboxOf(index));
}

function requireSurvivingHolders(round: ServerRound, releasing: readonly boolean[]): void {
  if (round.complete) return;
  const { seeds, keys } = neededSecrets(round);
  for (const dealer of [...seeds, ...keys]) {
    const holders = round.dealersOf(dealer).filter((holder) => releasing[holder]).length;
    requireCount('surviving neighbours of every client', round.config.threshold, holders);
  }
}

function requireCount(what: string, least: number, got: number): void {
  if (got >= least) return;
  throw new FedkitError('THRESHOLD_NOT_MET', `SecAggServer.advance: expected at least ${least} ${what}, got ${got}`, {
    details: { what, least, got },
  });
}
