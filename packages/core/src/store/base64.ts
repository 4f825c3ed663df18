/**
 * Base64 (RFC 4648, section 4), which some React Native engines lack.
 *
 * @module
 */
import { FedkitError } from '../errors.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES: Uint8Array = /* @__PURE__ */ Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0));
const PADDING = 61;
/** Bytes that become text at a time. */
const PIECE = 6144;

/** The text of `bytes`, with padding. */
export function base64Encode(bytes: Uint8Array): string {
  const codes = new Uint8Array((PIECE / 3) * 4);
  let text = '';
  for (let from = 0; from < bytes.length; from += PIECE) {
    const end = Math.min(from + PIECE, bytes.length);
    let to = 0;
    for (let i = from; i < end; i += 3) {
      const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      codes[to++] = CODES[group >> 18];
      codes[to++] = CODES[(group >> 12) & 63];
      codes[to++] = i + 1 < end ? CODES[(group >> 6) & 63] : PADDING;
      codes[to++] = i + 2 < end ? CODES[group & 63] : PADDING;
    }
    text += String.fromCharCode.apply(null, codes.subarray(0, to) as never);
  }
  return text;
}

const VALUES: Int8Array = /* @__PURE__ */ (() => {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[LETTERS.charCodeAt(i)] = i;
  return values;
})();

/** The bytes of `text`. @throws FedkitError `DECODE_FAILED` for other text. */
export function base64Decode(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding || 0);
  let bad = text.length % 4;
  for (let i = 0, at = 0; i < text.length; i += 4) {
    let group = 0;
    for (let j = i; j < i + 4; j++) {
      const value = j < text.length - padding ? (VALUES[text.charCodeAt(j)] ?? -1) : 0;
      bad |= value < 0 ? 1 : 0;
      group = (group << 6) | value;
    }
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = group >>> shift;
  }
  if (bad) throw new FedkitError('DECODE_FAILED', 'base64: expected base64, got other text');
  return bytes;
}
