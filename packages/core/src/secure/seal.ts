/**
 * How a client's sealed record starts.
 *
 * @module
 */

/** Before the version. */
export const SEAL_MAGIC: readonly number[] = [0x66, 0x6b, 0x73];

/** Whether these bytes start as a sealed record does. */
export function isSealed(bytes: Uint8Array): boolean {
  return SEAL_MAGIC.every((byte, i) => bytes[i] === byte);
}
