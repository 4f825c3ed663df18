/**
 * Unmasking: for each dealer one share, of the self-mask seed if it survived, of the mask secret key if it did not.
 *
 * @module
 */
import { hasConsistencyRound } from '../config/round-config.ts';
import type { Directory } from '../directory.ts';
import { verifySurvivors } from '../identity.ts';
import { equal } from '../internal/bytes.ts';
import { digestOf } from '../internal/hash.ts';
import { PURPOSE } from '../key-derivation.ts';
import type { Message } from '../messages/header.ts';
import { NO_INDEX } from '../messages/header.ts';
import { channelParty } from '../messages/member.ts';
import { OPENING_KEY_BYTES } from '../messages/openings.ts';
import { SEALED_PAIR_BYTES } from '../messages/share-keys.ts';
import { decodeSignatures } from '../messages/signatures.ts';
import { decodeSurvivors } from '../messages/survivors.ts';
import { decodeUnmaskRequest } from '../messages/unmask-request.ts';
import { encodeUnmaskResponse } from '../messages/unmask-response.ts';
import { SHARE_BYTES } from '../shamir.ts';
import { SEALED_SHARE_BYTES, type ShareKind, openWithKey, shareKey } from '../share-encryption.ts';
import { survivorsHash } from '../transcript.ts';
import { type ClientRound, type Step, keyContext, refuseMessage, requireCount } from './round.ts';
import { type ClientState, withoutSecrets } from './state.ts';
import { checkSurvivors, recordCohort, survivorsByPlace } from './survivors.ts';

/** Releases shares for the survivors a request names. */
export function unmask(round: ClientRound, state: ClientState, message: Message): Step {
  const { config } = round;
  const { self, peers } = state;
  const complete = config.graph === 'complete';
  checkAddress(round, state, message);
  const { total, survived } = decodeUnmaskRequest(config, message.body, complete ? config.clients : peers.length);
  // On a ring a request is for one client, which is not a neighbour of its own.
  const survivors = complete
    ? survivorsByPlace(config, state, survived)
    : { total, own: self.index === message.index, peers: survived, unknown: 0 };
  checkSurvivors(config, state, survivors);
  recordCohort(round.ledger, state, survivors);
  return releaseShares(round, state, survivors.peers, message);
}

/**
 * Releases shares for the survivors this client signed, once t have signed the same: of the whole round in the complete
 * graph, of its neighbours on a ring.
 */
export function unmaskSigned(round: ClientRound, state: ClientState, message: Message): Step {
  const { config, configDigest, provider, directory } = round;
  const { self, peers, transcript } = state;
  const complete = config.graph === 'complete';
  checkAddress(round, state, message);
  const { hash, signatures } = decodeSignatures(message.body, complete ? config.clients : peers.length);
  if (!equal(hash, survivorsHash(transcript, state.survivors))) {
    refuseMessage('signatures of the survivors this client signed', 'of others');
  }
  requireCount('signatures', config.threshold, signatures.filter((signature) => signature !== undefined).length);
  const survived = decodeSurvivors(config, state.survivors);
  const byPlace = new Map([self, ...peers].map((member) => [member.index, member]));
  signatures.forEach((signature, place) => {
    if (signature === undefined) return;
    const signer = complete ? byPlace.get(place) : peers[place];
    if (signer === undefined || !survived[signer.index]) refuseMessage('signatures of survivors', 'of another');
    verifySurvivors(provider, config, configDigest, directory as Directory, signer, hash, signature);
  });
  return releaseShares(round, state, survivorsByPlace(config, state, survived).peers, message);
}

function checkAddress({ config }: ClientRound, { self }: ClientState, { index }: Message): void {
  const wanted = config.graph === 'complete' ? NO_INDEX : self.index;
  if (index !== wanted) refuseMessage('a request for this client', `place ${index}`);
}

/**
 * The kind that is not released is never even decrypted; a share that does not decrypt is left out, so that one bad
 * dealer does not end the round. The channels' keys go; those of the released shares stay, for {@link openShares}.
 */
function releaseShares(
  { config, provider }: ClientRound,
  state: ClientState,
  survived: readonly boolean[],
  message: Message,
): Step {
  const { self, peers, pairs, channelKeys } = state;
  const context = keyContext(config, state.transcript);
  const me = channelParty(self);
  const signed = hasConsistencyRound(config);
  const releasedKinds = new Uint8Array(peers.length);
  const heldKeys = new Uint8Array(peers.length * OPENING_KEY_BYTES);
  const dealtKeys = new Uint8Array(signed ? heldKeys.length : 0);
  const shares: (Uint8Array | undefined)[] = [];
  let own = config.graph === 'complete';
  peers.forEach((peer, i) => {
    if (own && peer.index > self.index) {
      shares.push(state.ownShares.slice(SHARE_BYTES));
      own = false;
    }
    const them = channelParty(peer);
    if (signed) {
      const dealtKey = shareKey(provider, context, channelKeys[i], me, them, 'selfMask');
      dealtKeys.set(dealtKey, i * OPENING_KEY_BYTES);
      dealtKey.fill(0);
    }
    const pair = pairs[i];
    if (pair === undefined) return;
    const kind: ShareKind = survived[i] ? 'selfMask' : 'maskKey';
    const sealed = survived[i]
      ? pair.subarray(SEALED_SHARE_BYTES, SEALED_PAIR_BYTES)
      : pair.subarray(0, SEALED_SHARE_BYTES);
    const key = shareKey(provider, context, channelKeys[i], them, me, kind);
    shares.push(openWithKey(provider, context, key, them, me, kind, sealed));
    releasedKinds[i] = survived[i] ? PURPOSE.selfMaskShare : PURPOSE.maskKeyShare;
    heldKeys.set(key, i * OPENING_KEY_BYTES);
    key.fill(0);
  });
  if (own) shares.push(state.ownShares.slice(SHARE_BYTES));
  const request = digestOf(message.body);
  return {
    state: { ...withoutSecrets(state), stage: 'unmasked', releasedKinds, heldKeys, dealtKeys },
    answer: encodeUnmaskResponse(config, self.index, { request, shares }),
  };
}
