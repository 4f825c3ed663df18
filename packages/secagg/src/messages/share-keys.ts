/**
 * Client to server: the encrypted shares it deals, for each peer, ascending by index. Peers are known to both sides, so no
 * index is sent.
 *
 * Complete graph: 32 bytes commitment to its self-mask seed · 32-bit count · for each peer 52 bytes share of the mask secret
 * key · 52 bytes share of the seed. Ring: 32-bit count · for each peer 52 bytes share of the mask secret key; the seed is
 * dealt with the masked input, to those it was masked with.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { uint32Bytes } from '../internal/bytes.ts';
import { SEALED_SHARE_BYTES } from '../share-encryption.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What is dealt before masking, in bytes for each holder: both kinds of share in the complete graph, on a ring one. */
export function dealtBytes({ graph }: Pick<RoundConfig, 'graph'>): number {
  return (graph === 'complete' ? 2 : 1) * SEALED_SHARE_BYTES;
}

/** What the message says. */
export interface Dealt {
  /** To the self-mask seed; empty on a ring. */
  readonly commitment: Uint8Array;
  /** For each peer, ascending, one after the other. */
  readonly sealed: Uint8Array;
}

/** The message up to its signature. */
export function encodeShareKeys(
  config: RoundConfig,
  index: number,
  commitment: Uint8Array,
  sealed: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const body = [commitment, uint32Bytes(sealed.length), ...sealed];
  return encodeMessage(config, MESSAGE.shareKeys, index, body, config.identities);
}

/** Reads the body; what is meant for `peers` peers is expected. */
export function decodeShareKeys(config: RoundConfig, body: Uint8Array, peers: number): Dealt {
  const reader = new ByteReader('decodeShareKeys', body);
  const commitment = reader.bytes(config.graph === 'complete' ? 32 : 0);
  const count = reader.uint32();
  if (count !== peers) reader.refuse(`shares for ${peers} peers`, `${count}`);
  const sealed = reader.bytes(peers * dealtBytes(config));
  reader.end();
  return { commitment, sealed };
}
