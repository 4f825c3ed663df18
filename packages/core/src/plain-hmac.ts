/**
 * HMAC-SHA256 (RFC 2104) in JavaScript, the same on every engine, by @noble/hashes.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** 32 bytes under a key of any length. */
export function plainHmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, key, message);
}
