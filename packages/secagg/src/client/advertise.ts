/**
 * Round 0: fresh key pairs for channels and for masks (Bonawitz et al., CCS 2017, figure 4).
 *
 * @module
 */
import { agreementOf, freshSecretKey } from '../crypto/agreement-of.ts';
import { together } from '../internal/together.ts';
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
  const [channel, mask] = await together([channelSecret, maskSecret].map((secret) => agreementOf(provider, secret)));
  const harary = config.graph === 'harary';
  const part = harary ? rng.fill(new Uint8Array(32)) : state.part;
  const self = {
    ...state.self,
    channelKey: channel.publicKey,
    maskKey: mask.publicKey,
    ...(harary ? { commitment: partCommitment(configDigest, state.self.id, part) } : {}),
  };
  return {
    state: { ...state, stage: 'advertised', self, channelSecret, maskSecret, part },
    answer: encodeAdvertise(config, configDigest, self),
  };
}
