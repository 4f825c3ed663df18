/**
 * Harary graph, client to server: the part of the joint seed it had committed to. Body: 32 bytes.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** The message up to its signature. */
export function encodeReveal(config: RoundConfig, index: number, part: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeMessage(config, MESSAGE.reveal, index, part, config.identities);
}

/** The 32 revealed bytes. */
export function decodeReveal(body: Uint8Array): Uint8Array {
  const reader = new ByteReader('decodeReveal', body);
  const part = reader.bytes(32);
  reader.end();
  return part;
}
