/**
 * Client to server: its masked vectors, packed, in the order of the configuration; all lengths follow from that. On a ring
 * then 32 bytes commitment to its self-mask seed · 32-bit count · for each peer it masked with, ascending, 52 bytes share of
 * the seed: who holds a share of it is in its masks.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import { type RoundConfig, maskedVectors } from '../config/round-config.ts';
import { uint32Bytes } from '../internal/bytes.ts';
import { SEALED_SHARE_BYTES } from '../share-encryption.ts';
import { checkPacked, packedBytes } from '../sum/pack.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** A seed as it is dealt. */
export interface DealtSeed {
  readonly commitment: Uint8Array;
  /** For each peer that was masked with, ascending. */
  readonly sealed: readonly Uint8Array[];
}

/** What the message says; views on its body. */
export interface MaskedInput {
  readonly packed: readonly Uint8Array[];
  /** Rings only; the shares one after the other. */
  readonly seed?: { readonly commitment: Uint8Array; readonly sealed: Uint8Array };
}

/**
 * The message up to its signature.
 *
 * @param write - Fills the bytes of packed vector `i`.
 * @param seed - On a ring.
 */
export function encodeMaskedInput(
  config: RoundConfig,
  index: number,
  write: (i: number, into: Uint8Array) => void,
  seed?: DealtSeed,
): Uint8Array<ArrayBuffer> {
  const header = encodeMessage(config, MESSAGE.maskedInput, index, [], config.identities);
  const sizes = maskedVectors(config).map(({ length, bits }) => packedBytes(length, bits));
  const after = seed === undefined ? [] : [seed.commitment, uint32Bytes(seed.sealed.length), ...seed.sealed];
  const length = [...sizes, ...after.map((part) => part.length)].reduce((sum, size) => sum + size, header.length);
  const message = new Uint8Array(length);
  message.set(header);
  let at = header.length;
  sizes.forEach((size, i) => {
    write(i, message.subarray(at, at + size));
    at += size;
  });
  for (const part of after) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** Reads the body, checked. @param holders - How many peers the sender masked with. */
export function decodeMaskedInput(config: RoundConfig, body: Uint8Array, holders: number): MaskedInput {
  const reader = new ByteReader('decodeMaskedInput', body);
  const packed = maskedVectors(config).map(({ length, bits }) => {
    const bytes = reader.bytes(packedBytes(length, bits));
    checkPacked(bytes, length, bits);
    return bytes;
  });
  let seed: MaskedInput['seed'];
  if (config.graph === 'harary') {
    const commitment = reader.bytes(32);
    const count = reader.uint32();
    if (count !== holders) reader.refuse(`shares for ${holders} peers`, `${count}`);
    seed = { commitment, sealed: reader.bytes(holders * SEALED_SHARE_BYTES) };
  }
  reader.end();
  return { packed, ...(seed !== undefined && { seed }) };
}
