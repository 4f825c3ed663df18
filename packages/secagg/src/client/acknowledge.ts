/**
 * Consistency: agreeing to one set of survivors, and giving every peer in it one's word, before any share is released for it.
 *
 * @module
 */
import { copyOf } from '../internal/bytes.ts';
import { WORD_BYTES, wordOf } from '../key-derivation.ts';
import { encodeAcknowledgement } from '../messages/acknowledgement.ts';
import { type Message, NO_INDEX } from '../messages/header.ts';
import { channelParty } from '../messages/member.ts';
import { decodeSurvivors } from '../messages/survivors.ts';
import { survivorsHash } from '../transcript.ts';
import { type ClientRound, type Step, keyContext, refuseMessage } from './round.ts';
import type { ClientState } from './state.ts';
import { checkSurvivors, recordCohort, survivorsByPlace } from './survivors.ts';

/**
 * Acknowledges the survivors, once in a round; from now on shares are released for this set or not at all. Set and words are
 * saved before they leave.
 */
export function acknowledge(round: ClientRound, state: ClientState, { index, body }: Message): Step {
  const { config, provider, ledger } = round;
  const { self, peers, channelKeys, transcript } = state;
  if (index !== NO_INDEX) refuseMessage('survivors for all', `place ${index}`);
  const survivors = survivorsByPlace(config, state, decodeSurvivors(config, body));
  checkSurvivors(config, state, survivors);
  recordCohort(ledger, state, survivors);
  const context = keyContext(config, transcript);
  const hash = survivorsHash(transcript, body);
  const me = channelParty(self);
  const words = new Uint8Array(WORD_BYTES * survivors.peers.filter(Boolean).length);
  let at = 0;
  peers.forEach((peer, i) => {
    if (!survivors.peers[i]) return;
    words.set(wordOf(provider, context, channelKeys[i], me, channelParty(peer), hash), at);
    at += WORD_BYTES;
  });
  return {
    state: { ...state, stage: 'acknowledged', survivors: copyOf(body) },
    answer: encodeAcknowledgement(config, self.index, { hash, words }),
  };
}
