/**
 * Masks: keystreams of AES-128-CTR or ChaCha20 from their first byte, one key for each pair or client and each vector,
 * read as little-endian words of 32 bits (rings to 32 bits) or 64 bits (wider rings).
 *
 * Client u adds the mask it shares with v if v's index is below u's, and subtracts it otherwise, so that the two cancel
 * in the sum (Bonawitz et al., CCS 2017, section 4).
 *
 * @module
 */
import { type Agreement, type CryptoProvider, type MaskSuite, maskKeyBytes } from './crypto/provider.ts';
import {
  type KeyContext,
  type MaskedVector,
  PURPOSE,
  type Party,
  type Purpose,
  expandKey,
  extractKey,
} from './key-derivation.ts';
import { together } from './internal/together.ts';
import type { Sign } from './sum/piece-pairs.ts';
import type { SignedKeystream, VectorSum } from './sum/vector-sum.ts';

/** Masks whose pieces are added side by side: a piece of the sum stays in the core's own cache for all of them. */
const BATCH = 64;

/** What mask expansion needs to know of a round. Plain data: it may cross to a worker. */
export interface MaskLayout {
  readonly suite: MaskSuite;
  readonly vectors: readonly MaskedVector[];
  readonly context: KeyContext;
}

/** A mask whose key is known but for its vector. */
export interface KnownMask {
  /** HKDF-Extract of the agreement or seed; zeroed once the mask is added. */
  readonly extracted: Uint8Array;
  readonly purpose: Purpose;
  readonly parties: readonly Party[];
  readonly sign: Sign;
}

/** The mask of a pair, as seen by `self`: + for a peer before it, − for one after it; `sign` −1 takes it out again. */
export function pairMask(extracted: Uint8Array, self: Party, peer: Party, sign: Sign): KnownMask {
  const peerFirst = peer.index < self.index;
  return {
    extracted,
    purpose: PURPOSE.pairwiseMask,
    parties: peerFirst ? [peer, self] : [self, peer],
    sign: peerFirst ? sign : (-sign as Sign),
  };
}

/** The mask a client adds alone (+1), or takes out (−1). */
export function selfMask(extracted: Uint8Array, self: Party, sign: Sign): KnownMask {
  return { extracted, purpose: PURPOSE.selfMask, parties: [self], sign };
}

/** A pair's two ends, of which the agreement is one's. */
export type Pair = readonly [self: Party, peer: Party];

/**
 * Adds the masks of pairs with one party in common.
 *
 * @param agreement - Of the secret key of the common party.
 * @param other - The public key of the end that is not common, in each pair.
 */
export async function addPairMasks(
  provider: CryptoProvider,
  layout: MaskLayout,
  sum: VectorSum,
  agreement: Agreement,
  pairs: readonly Pair[],
  other: 'self' | 'peer',
  sign: Sign,
): Promise<void> {
  for (let i = 0; i < pairs.length; i += BATCH) {
    const batch = pairs.slice(i, i + BATCH);
    // A server takes out the masks of one dropped client after another with the same survivors.
    const agreed = batch.map(([self, peer]) =>
      other === 'self' ? agreement.agree(self.publicKey, true) : agreement.agree(peer.publicKey),
    );
    const masks = (await together(agreed)).map((secret, j) => {
      const extracted = extractKey(provider, layout.context, secret);
      secret.fill(0);
      return pairMask(extracted, batch[j][0], batch[j][1], sign);
    });
    await addMasks(provider, layout, sum, masks);
  }
}

/** Adds masks to every vector of the sum, a batch of them at a time. */
export async function addMasks(
  provider: CryptoProvider,
  { suite, vectors, context }: MaskLayout,
  sum: VectorSum,
  masks: readonly KnownMask[],
): Promise<void> {
  const length = maskKeyBytes(suite);
  for (let from = 0; from < masks.length; from += BATCH) {
    const batch = masks.slice(from, from + BATCH);
    for (let i = 0; i < vectors.length; i++) {
      const keys = batch.map(({ extracted, purpose, parties }) =>
        expandKey(provider, context, extracted, purpose, parties, length, vectors[i]),
      );
      const keystreams = await together(keys.map((key) => provider.keystream(suite, key, sum.maskBytes(i))));
      const streams = keystreams.map((keystream, j): SignedKeystream => ({ keystream, sign: batch[j].sign }));
      await sum.addMasks(i, streams, provider.discard);
      for (const key of keys) key.fill(0);
    }
    for (const { extracted } of batch) extracted.fill(0);
  }
}
