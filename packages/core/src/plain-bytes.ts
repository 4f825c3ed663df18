/**
 * Bytes as what they are, whatever class they come as.
 *
 * @module
 */

/** The same memory as a `Uint8Array` and nothing more: `slice` of Node's Buffer is a view, where everyone else's is a copy. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
