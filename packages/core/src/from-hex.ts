/**
 * Bytes from text, for whoever also writes it.
 *
 * @module
 */
import { refuse } from './check.ts';

export { toHex } from './hex.ts';

/** @throws FedkitError `DECODE_FAILED` for what is not two hexadecimal digits a byte. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  if (!/^([0-9a-f]{2})*$/i.test(digits)) refuse('DECODE_FAILED', 'fromHex', 'two hexadecimal digits a byte', digits);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
