/**
 * From the server's account of the cohort to this client's peers: everybody in the complete graph; in a Harary graph
 * the neighbours that follow from a seed to which all contributed (Bell et al., CCS 2020, section 3.2).
 *
 * @module
 */
import { hararyNeighbours, ringOrder } from '../graph/harary.ts';
import { verifyPath } from '../graph/merkle.ts';
import { equal } from '../internal/bytes.ts';
import { decodeCohort } from '../messages/cohort.ts';
import { decodeCommitments } from '../messages/commitments.ts';
import { type Message, NO_INDEX } from '../messages/header.ts';
import { type Member, memberBytes } from '../messages/member.ts';
import { decodeNeighbours } from '../messages/neighbours.ts';
import { encodeReveal } from '../messages/reveal.ts';
import { checkPart, cohortTranscript, jointSeed, ringTranscript } from '../transcript.ts';
import { nameOf } from './names.ts';
import { type ClientRound, type Step, refuseMessage, requireCount, signingOf } from './round.ts';
import type { ClientState } from './state.ts';

/** Complete graph: accepts the cohort, or refuses it before any secret leaves. */
export function joinCohort(round: ClientRound, state: ClientState, { index, body }: Message): ClientState {
  const { config, configDigest } = round;
  if (index !== NO_INDEX) refuseMessage('a cohort for all', `place ${index}`);
  const members = decodeCohort(config, body);
  requireCount('members', Math.max(config.threshold, config.minimumClients), members.length);
  checkDistinct(members);
  const mine = members.filter(({ id }) => equal(id, state.self.id));
  if (mine.length !== 1 || !sameKeys(mine[0], state.self)) {
    refuseMessage('this client once, with the keys it advertised', `${mine.length} entries or other keys`);
  }
  checkSignatures(round, members);
  return {
    ...state,
    self: { ...state.self, index: mine[0].index },
    memberCount: members.length,
    transcript: cohortTranscript(configDigest, body, round.provider),
    peers: members.filter((member) => member !== mine[0]),
  };
}

/** Harary graph: accepts a place in a committed cohort and reveals its part of the seed. */
export function revealPart({ config, provider }: ClientRound, state: ClientState, { index, body }: Message): Step {
  const { members, root, path } = decodeCommitments(config, body);
  if (index >= config.clients) refuseMessage(`a place below ${config.clients}`, `${index}`);
  requireCount('members', config.minimumClients, members);
  // The leaf covers the signature the server was sent with the advertisement; this client signs alike.
  const self = { ...state.self, index };
  if (!verifyPath(root, index, memberBytes(config, self), path, provider)) {
    refuseMessage("this client's advertisement in the tree of members", 'another leaf');
  }
  return {
    state: { ...state, stage: 'revealed', self, memberCount: members, memberRoot: root },
    answer: encodeReveal(config, index, state.part),
  };
}

/** Harary graph: computes the ring from everybody's parts and checks the neighbours against both trees. */
export function joinRing(round: ClientRound, state: ClientState, { index, body }: Message): ClientState {
  const { config, configDigest, provider } = round;
  const { self, memberRoot, memberCount, part } = state;
  if (index !== self.index) refuseMessage(`place ${self.index}`, `${index}`);
  let transcript = state.transcript;
  const { neighbourhood, neighbours } = decodeNeighbours(config, body, ({ revealed, root, path }) => {
    if (revealed > memberCount) refuseMessage(`at most ${memberCount} revealed parts`, `${revealed}`);
    if (!verifyPath(root, index, part, path, provider)) {
      refuseMessage("this client's part in the tree of parts", 'another leaf');
    }
    transcript = ringTranscript(configDigest, memberCount, memberRoot, revealed, root);
    return hararyNeighbours(ringOrder(jointSeed(transcript), config.clients), index, config.degree);
  });
  const least = Math.max(config.minimumClients, memberCount - round.maximumMissingParts);
  requireCount('revealed parts', least, neighbourhood.revealed);
  requireCount('neighbours', config.threshold, neighbours.length);
  for (const { member, part: theirs, memberPath, partPath } of neighbours) {
    const inTrees =
      verifyPath(memberRoot, member.index, memberBytes(config, member), memberPath, provider) &&
      verifyPath(neighbourhood.root, member.index, theirs, partPath, provider);
    if (!inTrees) refuseMessage('neighbours of the committed cohort', `another at place ${member.index}`);
    checkPart(configDigest, member.id, member.commitment as Uint8Array, theirs);
  }
  const peers = neighbours.map(({ member }) => member);
  checkDistinct([self, ...peers]);
  checkSignatures(round, peers);
  return { ...state, transcript, peers };
}

/** No id and no key may come twice, among channel and mask keys together: a copied key would cancel or reveal masks. */
function checkDistinct(members: readonly Member[]): void {
  const ids = new Set(members.map(({ id }) => nameOf(id)));
  const keys = new Set(members.flatMap(({ channelKey, maskKey }) => [nameOf(channelKey), nameOf(maskKey)]));
  if (ids.size !== members.length || keys.size !== 2 * members.length) {
    refuseMessage('ids and keys that differ', 'one of them twice');
  }
}

function checkSignatures(round: ClientRound, members: readonly Member[]): void {
  const { config, directory } = round;
  if (config.identities && directory !== undefined) signingOf(round.signing).check(round, directory, members);
}

function sameKeys(a: Member, b: Member): boolean {
  return equal(a.channelKey, b.channelKey) && equal(a.maskKey, b.maskKey);
}
