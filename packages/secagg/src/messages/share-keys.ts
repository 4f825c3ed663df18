/**
 * Client to server: a commitment to its self-mask seed, and for each peer, ascending by index, the two encrypted shares.
 * Peers are known to both sides, so no index is sent.
 *
 * Body: 32 bytes commitment · 32-bit count · for each peer: 52 bytes share of the mask secret key · 52 bytes share of
 * the self-mask seed.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { concat, uint32Bytes } from '../internal/bytes.ts';
import { SEALED_SHARE_BYTES } from '../share-encryption.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** Both encrypted shares of one dealer for one holder. */
export const SEALED_PAIR_BYTES: number = 2 * SEALED_SHARE_BYTES;

/** The message up to its signature. */
export function encodeShareKeys(
  config: RoundConfig,
  index: number,
  commitment: Uint8Array,
  sealed: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const body = concat(commitment, uint32Bytes(sealed.length), ...sealed);
  return encodeMessage(config, MESSAGE.shareKeys, index, body, config.identities);
}

/** Reads the body; `peers` pairs are expected. */
export function decodeShareKeys(body: Uint8Array, peers: number): { commitment: Uint8Array; sealed: Uint8Array } {
  const reader = new ByteReader('decodeShareKeys', body);
  const commitment = reader.bytes(32);
  const count = reader.uint32();
  if (count !== peers) reader.refuse(`shares for ${peers} peers`, `${count}`);
  const sealed = reader.bytes(peers * SEALED_PAIR_BYTES);
  reader.end();
  return { commitment, sealed };
}
