/**
 * Dealing: this client's mask secret key and a fresh self-mask seed, each shared t-of-n among its peers and encrypted
 * for them.
 *
 * @module
 */
import { agreementOf } from '../crypto/agreement-of.ts';
import type { Agreement } from '../crypto/provider.ts';
import { concat } from '../internal/bytes.ts';
import { extractKey } from '../key-derivation.ts';
import { channelParty } from '../messages/member.ts';
import { encodeShareKeys } from '../messages/share-keys.ts';
import { SHARE_BYTES, dealShares } from '../shamir.ts';
import { sealShare } from '../share-encryption.ts';
import { selfMaskCommitment } from '../transcript.ts';
import { type ClientRound, type Step, keyContext } from './round.ts';
import type { ClientState } from './state.ts';

/** Deals to the peers of `state`; in the complete graph the dealer keeps a share of its own, as in Bonawitz et al. */
export async function shareKeys({ config, provider, rng }: ClientRound, state: ClientState): Promise<Step> {
  const { self, peers, transcript } = state;
  const context = keyContext(config, transcript);
  const agreement: Agreement = await agreementOf(provider, state.channelSecret);
  const channelKeys: Uint8Array[] = [];
  for (const { channelKey } of peers) {
    const shared = agreement.agree(channelKey);
    const secret = shared instanceof Uint8Array ? shared : await shared;
    channelKeys.push(extractKey(provider, context, secret));
    secret.fill(0);
  }
  const selfMaskSeed = rng.fill(new Uint8Array(32));
  const keepsShare = config.graph === 'complete';
  const abscissas = Uint32Array.from([...peers.map(({ index }) => index + 1), ...(keepsShare ? [self.index + 1] : [])]);
  const [keyShares, seedShares] = dealShares([state.maskSecret, selfMaskSeed], config.threshold, abscissas, rng);
  const dealer = channelParty(self);
  const pairs = peers.map((peer, i) => {
    const at = i * SHARE_BYTES;
    const holder = channelParty(peer);
    const keyShare = keyShares.subarray(at, at + SHARE_BYTES);
    const seedShare = seedShares.subarray(at, at + SHARE_BYTES);
    return concat(
      sealShare(provider, context, channelKeys[i], dealer, holder, 'maskKey', keyShare),
      sealShare(provider, context, channelKeys[i], dealer, holder, 'selfMask', seedShare),
    );
  });
  const own = peers.length * SHARE_BYTES;
  const ownShares = concat(keyShares.subarray(own), seedShares.subarray(own));
  keyShares.fill(0);
  seedShares.fill(0);
  const commitment = selfMaskCommitment(transcript, self.index, selfMaskSeed);
  return {
    state: { ...state, stage: 'shared', channelKeys, selfMaskSeed, ownShares, channelSecret: new Uint8Array(0) },
    answer: encodeShareKeys(config, self.index, commitment, pairs),
  };
}
