/**
 * Bytes as text.
 *
 * @module
 */
import { refuse } from './check.ts';

/** Two lower-case hexadecimal digits a byte. Never of secrets. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

/** @throws FedkitError `DECODE_FAILED` for what is not two hexadecimal digits a byte. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  if (!/^([0-9a-f]{2})*$/i.test(digits)) refuse('DECODE_FAILED', 'fromHex', 'two hexadecimal digits a byte', digits);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
