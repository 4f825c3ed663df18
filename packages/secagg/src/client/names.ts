/**
 * Bytes in sets.
 *
 * @module
 */

/** The bytes as the characters of a string: a name for a set, in half the time of digits. */
export function nameOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
