/**
 * Base64 in plain JavaScript: React Native's VM had no `btoa` and `atob` for years.
 *
 * RFC 4648, §4.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bytes as text, padded. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const word = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = Math.min(4, bytes.length - at + 1);
    for (let i = 0; i < 4; i++) text += i < digits ? DIGITS[(word >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

/** @throws FedkitError `DECODE_FAILED` for text that is no padded base64, spare bits that are not 0 among it. */
export function fromBase64(text: string): Uint8Array {
  const match = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text);
  if (match === null || text.length % 4 !== 0) return fail();
  const [, digits, padding] = match;
  const bytes = new Uint8Array((3 * text.length) / 4 - padding.length);
  let word = 0;
  for (let i = 0, at = 0; i < text.length; i++) {
    word = (word << 6) | (i < digits.length ? DIGITS.indexOf(digits[i]) : 0);
    if (i % 4 < 3) continue;
    for (let shift = 16; shift >= 0; shift -= 8) {
      if (at < bytes.length) bytes[at++] = word >> shift;
      else if (((word >> shift) & 255) !== 0) return fail();
    }
    word = 0;
  }
  return bytes;
}

function fail(): never {
  throw new FedkitError('DECODE_FAILED', 'fromBase64: expected base64, got other text');
}
