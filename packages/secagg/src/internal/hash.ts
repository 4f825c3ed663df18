/**
 * SHA-256 with domain separation, and HKDF-SHA256 (RFC 5869) in its two halves.
 *
 * @module
 */
import { plainSha256, utf8Encode } from '@fedkit/core/internal';
import type { CryptoProvider } from '../crypto/provider.ts';
import { concat, uint32Bytes } from './bytes.ts';

/** Opens every hash and every derivation of this protocol. */
export const PROTOCOL_LABEL = 'fedkit/secagg/v2';

/** SHA-256 over the label and the parts, each after its length, so that no two lists of parts share an encoding. */
export function labelledHash(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return plainSha256(labelledBytes(label, ...parts));
}

/** What {@link labelledHash} hashes. */
export function labelledBytes(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const fields = [utf8Encode(`${PROTOCOL_LABEL}/${label}`), ...parts];
  return concat(...fields.flatMap((field) => [uint32Bytes(field.length), field]));
}

/** Plain SHA-256. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  return plainSha256(bytes);
}

/** HKDF-Extract: a pseudorandom key from input key material. */
export function hkdfExtract(provider: CryptoProvider, salt: Uint8Array, inputKey: Uint8Array): Uint8Array {
  return provider.hmac(salt, inputKey);
}

/** HKDF-Expand to `length` ≤ 32 bytes: one block. */
export function hkdfExpand(
  provider: CryptoProvider,
  pseudorandomKey: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return hkdfExpandInto(provider, pseudorandomKey, concat(info, Uint8Array.of(1)), length);
}

/** The same of an info that one byte of room follows, where the block's number goes. */
export function hkdfExpandInto(
  provider: CryptoProvider,
  pseudorandomKey: Uint8Array,
  infoAndRoom: Uint8Array,
  length: number,
): Uint8Array {
  infoAndRoom[infoAndRoom.length - 1] = 1;
  const block = provider.hmac(pseudorandomKey, infoAndRoom);
  return length === block.length ? block : block.subarray(0, length);
}
