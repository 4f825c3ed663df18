/**
 * Either side gives the round up. Body: empty.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** The message; from a client up to its signature. */
export function encodeAbort(config: RoundConfig, index: number, signed: boolean): Uint8Array<ArrayBuffer> {
  return encodeMessage(config, MESSAGE.abort, index, new Uint8Array(0), signed);
}

/** Checks that the body is empty. */
export function decodeAbort(body: Uint8Array): void {
  new ByteReader('decodeAbort', body).end();
}
