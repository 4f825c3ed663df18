/**
 * Client to server: this client agrees to these survivors (Bonawitz et al., CCS 2017, figure 4, round 3). The signature
 * that closes the message is what others verify; they rebuild the rest.
 *
 * Body: 32 bytes H(transcript ‖ survivors).
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** The message up to its signature. */
export function encodeSignedSurvivors(config: RoundConfig, index: number, hash: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeMessage(config, MESSAGE.signedSurvivors, index, hash, true);
}

/** The hash. */
export function decodeSignedSurvivors(body: Uint8Array): Uint8Array {
  const reader = new ByteReader('decodeSignedSurvivors', body);
  const hash = reader.bytes(32);
  reader.end();
  return hash;
}
