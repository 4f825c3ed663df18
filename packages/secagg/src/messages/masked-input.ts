/**
 * Client to server: its masked vectors, packed, in the order of the configuration. All lengths follow from that.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import { type RoundConfig, maskedVectors } from '../config/round-config.ts';
import { checkPacked, packedBytes } from '../sum/pack.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/**
 * The message up to its signature.
 *
 * @param write - Fills the bytes of packed vector `i`.
 */
export function encodeMaskedInput(
  config: RoundConfig,
  index: number,
  write: (i: number, into: Uint8Array) => void,
): Uint8Array<ArrayBuffer> {
  const header = encodeMessage(config, MESSAGE.maskedInput, index, [], config.identities);
  const sizes = maskedVectors(config).map(({ length, bits }) => packedBytes(length, bits));
  const message = new Uint8Array(header.length + sizes.reduce((sum, size) => sum + size, 0));
  message.set(header);
  let at = header.length;
  sizes.forEach((size, i) => {
    write(i, message.subarray(at, at + size));
    at += size;
  });
  return message;
}

/** The packed vectors, checked; views on the body. */
export function decodeMaskedInput(config: RoundConfig, body: Uint8Array): Uint8Array[] {
  const reader = new ByteReader('decodeMaskedInput', body);
  const packed = maskedVectors(config).map(({ length, bits }) => {
    const bytes = reader.bytes(packedBytes(length, bits));
    checkPacked(bytes, length, bits);
    return bytes;
  });
  reader.end();
  return packed;
}
