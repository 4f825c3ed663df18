/**
 * Digests of text, for chains and commitments.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { utf8Encode } from './utf8.ts';

/** SHA-256 of the UTF-8 of `text`, 64 hexadecimal digits. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8Encode(text)));
}
