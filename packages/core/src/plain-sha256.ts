/**
 * SHA-256 (FIPS 180-4) in JavaScript, by the class under `sha256` of @noble/hashes: what that function checks besides, nobody here
 * gives it, and every bundle would carry.
 *
 * @module
 */
import { _SHA256 as PlainSha256 } from '@noble/hashes/sha2.js';

/** Takes bytes one after another. */
export { PlainSha256 };

/** 32 bytes of the parts one after another. */
export function plainSha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = new PlainSha256();
  for (const part of parts) hash.update(part);
  return hash.digest() as Uint8Array<ArrayBuffer>;
}
