/**
 * Masks: keystreams of AES-128-CTR or ChaCha20 from their first byte, one key for each pair or client and each vector,
 * read as little-endian words of 32 bits (rings to 32 bits) or 64 bits (wider rings).
 *
 * Client u adds the mask it shares with v if v's index is below u's, and subtracts it otherwise, so that the two cancel
 * in the sum (Bonawitz et al., CCS 2017, section 4).
 *
 * @module
 */
import { type CryptoProvider, type MaskSuite, maskKeyBytes } from './crypto/provider.ts';
import { type KeyContext, type MaskedVector, PURPOSE, type Party, type Purpose, expandKey } from './key-derivation.ts';
import type { Sign, VectorSum } from './sum/vector-sum.ts';

/** What mask expansion needs to know of a round. Plain data: it may cross to a worker. */
export interface MaskLayout {
  readonly suite: MaskSuite;
  readonly vectors: readonly MaskedVector[];
  readonly context: KeyContext;
}

/** Adds the mask of a pair, as seen by `self`: + for a peer before it, − for one after it; `sign` −1 takes it out again. */
export function addPairMask(
  provider: CryptoProvider,
  layout: MaskLayout,
  sum: VectorSum,
  extracted: Uint8Array,
  self: Party,
  peer: Party,
  sign: Sign,
): Promise<void> {
  const peerFirst = peer.index < self.index;
  const parties = peerFirst ? [peer, self] : [self, peer];
  return addMasks(provider, layout, sum, extracted, PURPOSE.pairwiseMask, parties, peerFirst ? sign : (-sign as Sign));
}

/** Adds (+1) or takes out (−1) the mask a client adds alone. */
export function addSelfMask(
  provider: CryptoProvider,
  layout: MaskLayout,
  sum: VectorSum,
  extracted: Uint8Array,
  self: Party,
  sign: Sign,
): Promise<void> {
  return addMasks(provider, layout, sum, extracted, PURPOSE.selfMask, [self], sign);
}

async function addMasks(
  provider: CryptoProvider,
  { suite, vectors, context }: MaskLayout,
  sum: VectorSum,
  extracted: Uint8Array,
  purpose: Purpose,
  parties: readonly Party[],
  sign: Sign,
): Promise<void> {
  for (let i = 0; i < vectors.length; i++) {
    const key = expandKey(provider, context, extracted, purpose, parties, maskKeyBytes(suite), vectors[i]);
    await sum.addMask(i, await provider.keystream(suite, key, sum.maskBytes(i)), sign, provider.discard);
    key.fill(0);
  }
}
