/**
 * Sets of places as bits, least significant first; bits after the last place are zero.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { ByteReader, ByteWriter } from '@fedkit/core/internal';

/** Writes one bit for each place. */
export function writeBitmap(writer: ByteWriter, present: readonly boolean[]): void {
  const bytes = new Uint8Array(Math.ceil(present.length / 8));
  present.forEach((bit, i) => {
    if (bit) bytes[i >> 3] |= 1 << (i & 7);
  });
  writer.bytes(bytes);
}

/** Reads one bit for each of `places`. */
export function readBitmap(reader: ByteReader, places: number): boolean[] {
  const bytes = reader.bytes(Math.ceil(places / 8));
  if (places % 8 !== 0 && bytes[bytes.length - 1] >>> (places % 8) !== 0) {
    throw new FedkitError('DECODE_FAILED', 'bitmap: expected zeros after the last place, got a set bit');
  }
  const present: boolean[] = [];
  for (let i = 0; i < places; i++) present.push(((bytes[i >> 3] >>> (i & 7)) & 1) === 1);
  return present;
}
