/**
 * Client to server: its masked vectors, packed, in the order of the configuration. All lengths follow from that.
 *
 * @module
 */
import { type RoundConfig, maskedVectors } from '../config/round-config.ts';
import { ByteReader } from '../internal/bytes.ts';
import { checkPacked, packedBytes } from '../sum/pack.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** The message up to its signature. */
export function encodeMaskedInput(
  config: RoundConfig,
  index: number,
  packed: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return encodeMessage(config, MESSAGE.maskedInput, index, packed, config.identities);
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
