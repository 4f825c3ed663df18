/**
 * Bytes in sets.
 *
 * @module
 */

/** The bytes, at most 255, as the characters of a string: a name for a set, in half the time of digits. */
export function nameOf(bytes: Uint8Array): string {
  // Spread, they would go through an iterator, in six times the time.
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}
