/**
 * Shares on their way from dealer to holder: ChaCha20-Poly1305 (RFC 8439) under a key that encrypts this one share, so
 * the nonce is zero. The two kinds of share have separate keys: whoever opens one, for an unmasking or to settle
 * blame, learns nothing of the other.
 *
 * @module
 */
import type { CryptoProvider } from './crypto/provider.ts';
import { putUint32 } from './internal/bytes.ts';
import { type KeyContext, type Party, PURPOSE, expandKey } from './key-derivation.ts';
import { SHARE_BYTES, isShare } from './shamir.ts';

/** Which of a dealer's two secrets a share belongs to. */
export type ShareKind = 'maskKey' | 'selfMask';

/** Bytes of one encrypted share. */
export const SEALED_SHARE_BYTES: number = SHARE_BYTES + 16;

/** Encrypts one share from `dealer` to `holder`. */
export function sealShare(
  provider: CryptoProvider,
  context: KeyContext,
  channelKey: Uint8Array,
  dealer: Party,
  holder: Party,
  kind: ShareKind,
  share: Uint8Array,
): Uint8Array {
  const key = shareKey(provider, context, channelKey, dealer, holder, kind);
  const sealed = provider.seal(key, share, associatedData(context, dealer, holder, kind));
  key.fill(0);
  return sealed;
}

/**
 * The share, or `undefined` where it was not made by `dealer` for `holder`, of this kind, in this transcript, or is no
 * canonical share.
 *
 * @param key - Of this one share, see {@link shareKey}.
 */
export function openWithKey(
  provider: CryptoProvider,
  context: KeyContext,
  key: Uint8Array,
  dealer: Party,
  holder: Party,
  kind: ShareKind,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const share = provider.open(key, sealed, associatedData(context, dealer, holder, kind));
  return share !== undefined && isShare(share) ? share : undefined;
}

/** The key under which one share goes from `dealer` to `holder`. */
export function shareKey(
  provider: CryptoProvider,
  context: KeyContext,
  channelKey: Uint8Array,
  dealer: Party,
  holder: Party,
  kind: ShareKind,
): Uint8Array {
  const purpose = kind === 'maskKey' ? PURPOSE.maskKeyShare : PURPOSE.selfMaskShare;
  return expandKey(provider, context, channelKey, purpose, [dealer, holder], 32);
}

function associatedData(context: KeyContext, dealer: Party, holder: Party, kind: ShareKind): Uint8Array {
  const { transcript } = context;
  const data = new Uint8Array(transcript.length + 9);
  data.set(transcript);
  let at = transcript.length;
  data[at++] = kind === 'maskKey' ? PURPOSE.maskKeyShare : PURPOSE.selfMaskShare;
  at = putUint32(data, at, dealer.index);
  putUint32(data, at, holder.index);
  return data;
}
