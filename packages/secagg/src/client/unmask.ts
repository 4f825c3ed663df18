/**
 * Unmasking: for each dealer one share, of the self-mask seed if it survived, of the mask secret key if it did not.
 *
 * @module
 */
import { digestOf } from '../internal/hash.ts';
import type { Message } from '../messages/header.ts';
import { NO_INDEX } from '../messages/header.ts';
import { channelParty } from '../messages/member.ts';
import { SEALED_PAIR_BYTES } from '../messages/share-keys.ts';
import { decodeUnmaskRequest } from '../messages/unmask-request.ts';
import { encodeUnmaskResponse } from '../messages/unmask-response.ts';
import { SHARE_BYTES } from '../shamir.ts';
import { SEALED_SHARE_BYTES, type ShareKind, openShare } from '../share-encryption.ts';
import { type ClientRound, type Step, keyContext, refuseMessage, requireCount } from './round.ts';
import { type ClientState, withoutSecrets } from './state.ts';

/**
 * Releases shares for one set of survivors. The kind that is not released is never even decrypted; a share that does
 * not decrypt is left out, so that one bad dealer does not end the round.
 */
export function unmask({ config, provider }: ClientRound, state: ClientState, message: Message): Step {
  const survived = survivorsAmongPeers(config, state, message);
  const { self, peers, pairs, channelKeys } = state;
  const context = keyContext(config, state.transcript);
  const holder = channelParty(self);
  const shares: (Uint8Array | undefined)[] = [];
  let own = config.graph === 'complete';
  peers.forEach((peer, i) => {
    if (own && peer.index > self.index) {
      shares.push(state.ownShares.slice(SHARE_BYTES));
      own = false;
    }
    const pair = pairs[i];
    if (pair === undefined) return;
    const kind: ShareKind = survived[i] ? 'selfMask' : 'maskKey';
    const sealed = survived[i]
      ? pair.subarray(SEALED_SHARE_BYTES, SEALED_PAIR_BYTES)
      : pair.subarray(0, SEALED_SHARE_BYTES);
    shares.push(openShare(provider, context, channelKeys[i], channelParty(peer), holder, kind, sealed));
  });
  if (own) shares.push(state.ownShares.slice(SHARE_BYTES));
  const request = digestOf(message.body);
  return {
    state: { ...withoutSecrets(state), stage: 'unmasked' },
    answer: encodeUnmaskResponse(config, self.index, { request, shares }),
  };
}

/** Which peers survived, after every check of the request. */
function survivorsAmongPeers(
  config: ClientRound['config'],
  { self, peers, pairs }: ClientState,
  { index, body }: Message,
): boolean[] {
  const complete = config.graph === 'complete';
  if (index !== (complete ? NO_INDEX : self.index)) refuseMessage('a request for this client', `place ${index}`);
  const { total, survived } = decodeUnmaskRequest(config, body, complete ? config.clients : peers.length);
  requireCount('survivors', Math.max(config.minimumClients, complete ? config.threshold : 0), total);
  if (complete && !survived[self.index]) refuseMessage('this client among the survivors', 'it among the dropped');
  const amongPeers = peers.map((peer, i) => survived[complete ? peer.index : i]);
  const known = amongPeers.filter((bit, i) => bit && pairs[i] !== undefined).length;
  const named = survived.filter(Boolean).length - (complete ? 1 : 0);
  if (named !== known) refuseMessage('survivors that dealt shares', 'one that never did');
  if (!complete) requireCount('surviving neighbours', config.threshold, known);
  return amongPeers;
}
