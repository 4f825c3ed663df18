/**
 * SHA-256 by the engine where it has one: ten times as fast as in JavaScript.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';

/** 32 bytes. WebCrypto is absent from Hermes and from pages that did not come over TLS. */
export async function digestOf(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return sha256(bytes);
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
