/**
 * Bytes as text.
 *
 * @module
 */
/** Two lower-case hexadecimal digits a byte. Never of secrets. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}
