/**
 * Values as bytes, and digests of bytes.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { sha256Hex } from '@fedkit/core/internal';

/** Float32, little-endian. */
export function encodeFloats(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
  return bytes;
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are not `size` finite values. */
export function decodeFloats(where: string, bytes: Uint8Array, size: number): Float32Array {
  if (bytes.length !== 4 * size) {
    throw new FedkitError('DECODE_FAILED', `${where}: expected ${4 * size} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    values[i] = view.getFloat32(4 * i, true);
    if (!Number.isFinite(values[i])) {
      throw new FedkitError('DECODE_FAILED', `${where}: expected finite numbers, got ${values[i]}`);
    }
  }
  return values;
}

/** SHA-256. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  const digest = sha256Hex(bytes);
  return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(digest.slice(2 * i, 2 * i + 2), 16));
}
