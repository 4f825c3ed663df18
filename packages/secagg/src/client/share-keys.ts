/**
 * Dealing: this client's mask secret key, and in the complete graph a fresh self-mask seed, each shared t-of-n among its
 * peers and encrypted for them. On a ring the seed is dealt as the input is masked, to those it is masked with.
 *
 * @module
 */
import { agreementOf } from '../crypto/agreement-of.ts';
import type { Agreement } from '../crypto/provider.ts';
import { concat } from '../internal/bytes.ts';
import { together } from '../internal/together.ts';
import { extractKey } from '../key-derivation.ts';
import { channelParty, type Member } from '../messages/member.ts';
import { encodeShareKeys } from '../messages/share-keys.ts';
import { SHARE_BYTES, dealShares } from '../shamir.ts';
import { sealShare, type ShareKind } from '../share-encryption.ts';
import { selfMaskCommitment } from '../transcript.ts';
import { type ClientRound, type Step, keyContext } from './round.ts';
import type { ClientState } from './state.ts';

/** Deals to the peers of `state`; in the complete graph the dealer keeps a share of its own, as in Bonawitz et al. */
export async function shareKeys(round: ClientRound, state: ClientState): Promise<Step> {
  const { config, provider, rng } = round;
  const { self, peers, transcript } = state;
  const context = keyContext(config, transcript);
  const agreement: Agreement = await agreementOf(provider, state.channelSecret);
  const secrets = await together(peers.map(({ channelKey }) => agreement.agree(channelKey)));
  const channelKeys = secrets.map((secret) => {
    const key = extractKey(provider, context, secret);
    secret.fill(0);
    return key;
  });
  const next = { ...state, stage: 'shared', channelKeys, channelSecret: new Uint8Array(0) } as const;
  if (config.graph === 'harary') {
    const abscissas = Uint32Array.from(peers, ({ index }) => index + 1);
    const [keyShares] = dealShares([state.maskSecret], config.threshold, abscissas, rng);
    const sealed = sealAll(round, next, peers, 'maskKey', keyShares);
    keyShares.fill(0);
    return { state: next, answer: encodeShareKeys(config, self.index, new Uint8Array(0), sealed) };
  }
  const selfMaskSeed = rng.fill(new Uint8Array(32));
  const abscissas = Uint32Array.from([...peers, self], ({ index }) => index + 1);
  const [keyShares, seedShares] = dealShares([state.maskSecret, selfMaskSeed], config.threshold, abscissas, rng);
  const sealedKeys = sealAll(round, next, peers, 'maskKey', keyShares);
  const sealedSeeds = sealAll(round, next, peers, 'selfMask', seedShares);
  const own = peers.length * SHARE_BYTES;
  const ownShares = concat(keyShares.subarray(own), seedShares.subarray(own));
  keyShares.fill(0);
  seedShares.fill(0);
  const commitment = selfMaskCommitment(transcript, self.index, selfMaskSeed);
  const pairs = sealedKeys.map((key, i) => concat(key, sealedSeeds[i]));
  return {
    state: { ...next, selfMaskSeed, ownShares },
    answer: encodeShareKeys(config, self.index, commitment, pairs),
  };
}

/** Encrypts the share of each of `holders`, which are peers, ascending. */
export function sealAll(
  { config, provider }: ClientRound,
  { self, peers, channelKeys, transcript }: ClientState,
  holders: readonly Member[],
  kind: ShareKind,
  shares: Uint8Array,
): Uint8Array[] {
  const context = keyContext(config, transcript);
  const dealer = channelParty(self);
  const sealed: Uint8Array[] = [];
  for (let i = 0; i < peers.length && sealed.length < holders.length; i++) {
    if (peers[i] !== holders[sealed.length]) continue;
    const share = shares.subarray(sealed.length * SHARE_BYTES, (sealed.length + 1) * SHARE_BYTES);
    sealed.push(sealShare(provider, context, channelKeys[i], dealer, channelParty(peers[i]), kind, share));
  }
  return sealed;
}
