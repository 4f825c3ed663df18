/**
 * Consistency round: agreeing to one set of survivors, before any share is released for it.
 *
 * @module
 */
import { copyOf } from '../internal/bytes.ts';
import { type Message, NO_INDEX } from '../messages/header.ts';
import { encodeSignedSurvivors } from '../messages/signed-survivors.ts';
import { decodeSurvivors } from '../messages/survivors.ts';
import { survivorsHash } from '../transcript.ts';
import { type ClientRound, type Step, refuseMessage } from './round.ts';
import type { ClientState } from './state.ts';
import { checkSurvivors, recordCohort, survivorsByPlace } from './survivors.ts';

/** Signs the survivors, once in a round; from now on shares are released for this set or not at all. */
export function signSurvivors({ config, ledger }: ClientRound, state: ClientState, { index, body }: Message): Step {
  if (index !== NO_INDEX) refuseMessage('survivors for all', `place ${index}`);
  const survivors = survivorsByPlace(config, state, decodeSurvivors(config, body));
  checkSurvivors(config, state, survivors);
  recordCohort(ledger, state, survivors);
  return {
    state: { ...state, stage: 'signed', survivors: copyOf(body) },
    answer: encodeSignedSurvivors(config, state.self.index, survivorsHash(state.transcript, body)),
  };
}
