/**
 * A name for a pipeline: both sides compute it from their own options.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8Encode } from '../utf8.ts';

/** One field of a digest. */
export type DigestPart = string | number | boolean | undefined | Uint8Array;

/** SHA-256 over parts, each after its kind and length. */
export function digestOf(parts: readonly DigestPart[]): Uint8Array {
  const hash = sha256.create();
  hash.update(utf8Encode('fedkit pipeline 1\n'));
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : utf8Encode(`${typeof part} ${String(part)}`);
    const length = bytes.length;
    hash.update(Uint8Array.of(part instanceof Uint8Array ? 1 : 0, length, length >>> 8, length >>> 16, length >>> 24));
    hash.update(bytes);
  }
  return hash.digest();
}
