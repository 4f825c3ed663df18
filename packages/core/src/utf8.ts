/**
 * UTF-8 without `TextEncoder` and `TextDecoder`, which some React Native engines lack.
 *
 * @module
 */
import { FedkitError } from './errors.ts';

// With the flag u a pair is one character, so that neither half of it is found.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** False for text with a lone surrogate, which UTF-8 cannot write. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD, as `TextEncoder` does. */
export function utf8Encode(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length);
  let plain = 0;
  while (plain < text.length && text.charCodeAt(plain) < 0x80) ascii[plain] = text.charCodeAt(plain++);
  if (plain === text.length) return ascii;
  const bytes: number[] = [];
  for (const character of text) {
    let point = character.codePointAt(0) as number;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  }
  return Uint8Array.from(bytes);
}

/**
 * The text whose UTF-8 is `bytes`.
 *
 * @throws FedkitError `DECODE_FAILED` for ill-formed UTF-8: overlong forms, surrogates, truncation.
 */
export function utf8Decode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i];
    const extra = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    let point = extra === 0 ? lead : lead & (0x3f >> extra);
    let valid = extra >= 0 && i + extra < bytes.length;
    for (let j = 1; valid && j <= extra; j++) {
      valid = (bytes[i + j] & 0xc0) === 0x80;
      point = (point << 6) | (bytes[i + j] & 63);
    }
    const overlong = (extra === 2 && point < 0x800) || (extra === 3 && point < 0x10000);
    if (!valid || overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw new FedkitError('DECODE_FAILED', `utf8Decode: expected well-formed UTF-8, got another byte at ${i}`);
    }
    text += String.fromCodePoint(point);
    i += extra + 1;
  }
  return text;
}
