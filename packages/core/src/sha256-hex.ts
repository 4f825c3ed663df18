/**
 * Digests of text and bytes, for chains and commitments.
 *
 * @module
 */
import { toHex } from './hex.ts';
import { plainSha256 } from './plain-sha256.ts';
import { utf8Encode } from './utf8.ts';

/** SHA-256 of bytes, or of the UTF-8 of a text, 64 hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return toHex(plainSha256(typeof data === 'string' ? utf8Encode(data) : data));
}
