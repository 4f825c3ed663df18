/**
 * Client to server: the keys an opening request asks for, in its order. Each opens one share, and nothing else.
 *
 * Body: 32 bytes hash of the request · 32-bit count · keys of 32 bytes.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** Bytes of a key that encrypts one share. */
export const OPENING_KEY_BYTES = 32;

/** What the message says. */
export interface Openings {
  readonly request: Uint8Array;
  readonly keys: readonly Uint8Array[];
}

/** The message up to its signature. */
export function encodeOpenings(
  config: RoundConfig,
  index: number,
  { request, keys }: Openings,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(request).uint32(keys.length);
  for (const key of keys) writer.bytes(key);
  return encodeMessage(config, MESSAGE.openings, index, writer.finish(), config.identities);
}

/** Reads the body; `wanted` keys are expected. */
export function decodeOpenings(body: Uint8Array, wanted: number): Openings {
  const reader = new ByteReader('decodeOpenings', body);
  const request = reader.bytes(32);
  const count = reader.uint32();
  if (count !== wanted) reader.refuse(`${wanted} keys`, `${count}`);
  const keys = Array.from({ length: count }, () => reader.bytes(OPENING_KEY_BYTES));
  reader.end();
  return { request, keys };
}
