/**
 * Round 0: fresh key pairs for channels and for masks (Bonawitz et al., CCS 2017, figure 4).
 *
 * @module
 */
import { agreementOf, freshSecretKey } from '../crypto/agreement-of.ts';
import { encodeAdvertise } from '../messages/advertise.ts';
import { partCommitment } from '../transcript.ts';
import type { ClientRound, Step } from './round.ts';
import type { ClientState } from './state.ts';

/** Draws this round's keys and advertises them. */
export async function advertise(
  { config, configDigest, provider, rng }: ClientRound,
  state: ClientState,
): Promise<Step> {
  const channelSecret = freshSecretKey(provider, rng);
  const maskSecret = freshSecretKey(provider, rng);
  const harary = config.graph === 'harary';
  const part = harary ? rng.fill(new Uint8Array(32)) : state.part;
  const self = {
    ...state.self,
    channelKey: (await agreementOf(provider, channelSecret)).publicKey,
    maskKey: (await agreementOf(provider, maskSecret)).publicKey,
    ...(harary ? { commitment: partCommitment(configDigest, state.self.id, part) } : {}),
  };
  return {
    state: { ...state, stage: 'advertised', self, channelSecret, maskSecret, part },
    answer: encodeAdvertise(config, configDigest, self),
  };
}
