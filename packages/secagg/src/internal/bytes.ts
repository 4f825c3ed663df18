/**
 * Small operations on byte strings.
 *
 * @module
 */
export { fromHex, toHex as hex } from '@fedkit/core/internal';

/** The byte strings one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A copy of its own memory. `slice` of a Node.js `Buffer`, which is a `Uint8Array` too, shares it. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Whether two byte strings are the same; takes the same time wherever they first differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/** An unsigned 32-bit integer in four bytes. */
export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Writes an unsigned 32-bit integer, least significant byte first. @returns Where the next field goes. */
export function putUint32(into: Uint8Array, at: number, value: number): number {
  for (let shift = 0; shift < 32; shift += 8) into[at++] = value >>> shift;
  return at;
}
