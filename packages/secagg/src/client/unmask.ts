/**
 * Unmasking: for each dealer one share, of the self-mask seed if it survived, of the mask secret key if it did not.
 *
 * @module
 */
import { hasConsistencyRound } from '../config/round-config.ts';
import { equal } from '../internal/bytes.ts';
import { digestOf } from '../internal/hash.ts';
import { PURPOSE, wordOf } from '../key-derivation.ts';
import { type Message, NO_INDEX } from '../messages/header.ts';
import { channelParty } from '../messages/member.ts';
import { OPENING_KEY_BYTES } from '../messages/openings.ts';
import { decodeSurvivors, encodeSurvivorsBody } from '../messages/survivors.ts';
import { decodeUnmaskRequest } from '../messages/unmask-request.ts';
import { encodeUnmaskResponse } from '../messages/unmask-response.ts';
import { decodeWords } from '../messages/words.ts';
import { SHARE_BYTES } from '../shamir.ts';
import { SEALED_SHARE_BYTES, type ShareKind, openWithKey, shareKey } from '../share-encryption.ts';
import { survivorsHash } from '../transcript.ts';
import { type ClientRound, type Step, keyContext, refuseMessage, requireCount } from './round.ts';
import { type ClientState, withoutSecrets } from './state.ts';
import { checkSurvivors, recordCohort, survivorsByPlace } from './survivors.ts';

/** Releases shares for the survivors a request names; against a semi-honest server, which tells everybody the same. */
export function unmask(round: ClientRound, state: ClientState, message: Message): Step {
  const { config } = round;
  const { self, peers } = state;
  const complete = config.graph === 'complete';
  const wanted = complete ? NO_INDEX : self.index;
  if (message.index !== wanted) refuseMessage('a request for this client', `place ${message.index}`);
  const request = decodeUnmaskRequest(config, message.body, complete ? config.clients : peers.length);
  // On a ring a request is for one client, which is not a neighbour of its own.
  const survivors = complete
    ? survivorsByPlace(config, state, request.survived)
    : { total: request.total, own: true, peers: request.survived, unknown: 0 };
  checkSurvivors(config, state, survivors);
  recordCohort(round.ledger, state, survivors);
  // In the complete graph the cohort is remembered with the state, as where it was acknowledged.
  const agreed = complete ? { ...state, survivors: encodeSurvivorsBody(request.survived) } : state;
  return releaseShares(round, agreed, survivors.peers, request.seeds, message);
}

/**
 * Releases shares for the survivors this client acknowledged, once t holders of its shares gave their word for the same; in
 * the complete graph it is one of them.
 */
export function unmaskAcknowledged(round: ClientRound, state: ClientState, message: Message): Step {
  const { config } = round;
  const { self, peers, transcript } = state;
  if (message.index !== self.index) refuseMessage(`place ${self.index}`, `${message.index}`);
  const survivors = survivorsByPlace(config, state, decodeSurvivors(config, state.survivors));
  const surviving = survivors.peers.filter(Boolean).length;
  const { hash, words, seeds } = decodeWords(config, message.body, peers.length, surviving);
  if (!equal(hash, survivorsHash(transcript, state.survivors))) {
    refuseMessage('words on the survivors this client acknowledged', 'on others');
  }
  const own = config.graph === 'complete' ? 1 : 0;
  const given = own + countWords(round, state, survivors.peers, hash, words, config.threshold - own);
  requireCount('words on its survivors', config.threshold, given);
  return releaseShares(round, state, survivors.peers, seeds, message);
}

/** Words that their peers gave this client for `hash`, up to `wanted`: a missing or a wrong one counts as none. */
function countWords(
  { config, provider }: ClientRound,
  { self, peers, channelKeys, transcript }: ClientState,
  survived: readonly boolean[],
  hash: Uint8Array,
  words: readonly (Uint8Array | undefined)[],
  wanted: number,
): number {
  const context = keyContext(config, transcript);
  const me = channelParty(self);
  let given = 0;
  for (let i = 0; i < peers.length && given < wanted; i++) {
    const word = words[i];
    if (word === undefined || !survived[i]) continue;
    if (equal(word, wordOf(provider, context, channelKeys[i], channelParty(peers[i]), me, hash))) given++;
  }
  return given;
}

/**
 * The kind that is not released is never even decrypted; a share that does not decrypt is left out, so that one bad
 * dealer does not end the round. The channels' keys go; those of the released shares stay, for {@link openShares}.
 *
 * @param seeds - On a ring the shares of the surviving peers' seeds, one after the other.
 */
function releaseShares(
  { config, provider }: ClientRound,
  state: ClientState,
  survived: readonly boolean[],
  seeds: Uint8Array,
  message: Message,
): Step {
  const { self, peers, inbox, channelKeys } = state;
  const context = keyContext(config, state.transcript);
  const me = channelParty(self);
  const complete = config.graph === 'complete';
  // On a ring a dealer opens nothing: what it dealt proves nothing of those who hold it.
  const opensAsDealer = complete && hasConsistencyRound(config);
  const releasedKinds = new Uint8Array(peers.length);
  const heldKeys = new Uint8Array(peers.length * OPENING_KEY_BYTES);
  const dealtKeys = new Uint8Array(opensAsDealer ? heldKeys.length : 0);
  const shares: (Uint8Array | undefined)[] = [];
  let own = complete;
  let nextSeed = 0;
  peers.forEach((peer, i) => {
    if (own && peer.index > self.index) {
      shares.push(state.ownShares.slice(SHARE_BYTES));
      own = false;
    }
    const them = channelParty(peer);
    if (opensAsDealer) {
      const dealtKey = shareKey(provider, context, channelKeys[i], me, them, 'selfMask');
      dealtKeys.set(dealtKey, i * OPENING_KEY_BYTES);
      dealtKey.fill(0);
    }
    const dealt = inbox[i];
    if (dealt === undefined) return;
    const kind: ShareKind = survived[i] ? 'selfMask' : 'maskKey';
    let sealed = dealt.subarray(0, SEALED_SHARE_BYTES);
    if (survived[i]) {
      sealed = complete ? dealt.subarray(SEALED_SHARE_BYTES) : seeds.subarray(nextSeed, nextSeed + SEALED_SHARE_BYTES);
      nextSeed += SEALED_SHARE_BYTES;
    }
    const key = shareKey(provider, context, channelKeys[i], them, me, kind);
    const share = openWithKey(provider, context, key, them, me, kind, sealed);
    shares.push(share);
    if (share !== undefined) {
      releasedKinds[i] = survived[i] ? PURPOSE.selfMaskShare : PURPOSE.maskKeyShare;
      heldKeys.set(key, i * OPENING_KEY_BYTES);
    }
    key.fill(0);
  });
  if (own) shares.push(state.ownShares.slice(SHARE_BYTES));
  const request = digestOf(message.body);
  return {
    state: { ...withoutSecrets(state), stage: 'unmasked', releasedKinds, heldKeys, dealtKeys },
    answer: encodeUnmaskResponse(config, self.index, { request, shares }),
  };
}
