/**
 * Settling blame: the keys of single shares that were released, and no others.
 *
 * Until a client has released shares it keeps the keys of its channels, from which either kind could be opened. From
 * then on it keeps, for each peer, the key of the one share it released, so that no later request can make it open another.
 *
 * @module
 */
import { digestOf } from '../internal/hash.ts';
import { PURPOSE } from '../key-derivation.ts';
import type { Message } from '../messages/header.ts';
import { decodeOpeningRequest } from '../messages/opening-request.ts';
import { OPENING_KEY_BYTES, encodeOpenings } from '../messages/openings.ts';
import { type ClientRound, type Step, refuseMessage } from './round.ts';
import { type ClientState, withoutSecrets } from './state.ts';

/** Answers the one request of a round; what could open shares is erased with it. */
export function openShares({ config }: ClientRound, state: ClientState, { index, body }: Message): Step {
  const { self, peers, releasedKinds, heldKeys, dealtKeys } = state;
  if (index !== self.index) refuseMessage(`place ${self.index}`, `${index}`);
  const places = new Map(peers.map((peer, place) => [peer.index, place]));
  const keys = decodeOpeningRequest(body).map(({ dealer, holder, kind }) => {
    const asHolder = holder === self.index;
    if (asHolder === (dealer === self.index)) refuseMessage('shares this client dealt to others or holds', 'another');
    const place = places.get(asHolder ? dealer : holder) ?? -1;
    const purpose = kind === 'maskKey' ? PURPOSE.maskKeyShare : PURPOSE.selfMaskShare;
    // It released shares as a survivor, so of its own secrets the seed is what others were asked for.
    const released = asHolder ? releasedKinds[place] === purpose : kind === 'selfMask' && dealtKeys.length > 0;
    if (place < 0 || !released) refuseMessage('a share that was released', 'another');
    const from = place * OPENING_KEY_BYTES;
    return (asHolder ? heldKeys : dealtKeys).slice(from, from + OPENING_KEY_BYTES);
  });
  return {
    state: { ...withoutSecrets(state), stage: 'opened' },
    answer: encodeOpenings(config, self.index, { request: digestOf(body), keys }),
  };
}
