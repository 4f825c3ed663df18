/**
 * The IDX format of the MNIST files: big-endian sizes, then bytes.
 *
 *     0  0  8  rank      magic number; 8 says unsigned bytes
 *     size of each dimension, 4 bytes each
 *     values, row-major
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';

/** An array of unsigned bytes. */
export interface IdxFile {
  readonly shape: readonly number[];
  /** Row-major, a view of the bytes that were read. */
  readonly values: Uint8Array;
}

const MAX_RANK = 4;

/**
 * Reads an IDX file of unsigned bytes.
 *
 * @param name - Names the file in messages.
 * @throws FedkitError `DECODE_FAILED`, with the file and the byte at which it stops making sense.
 */
export function readIdx(bytes: Uint8Array, name: string): IdxFile {
  const fail = (at: number, expected: string, got: string | number): never => {
    throw new FedkitError('DECODE_FAILED', `${name}: byte ${at}: expected ${expected}, got ${got}`, {
      details: { file: name, byte: at },
    });
  };
  const need = (end: number, what: string) => {
    if (bytes.length < end) fail(bytes.length, what, 'the end of the file');
  };
  need(4, 'a magic number of 4 bytes');
  if (bytes[0] !== 0 || bytes[1] !== 0) fail(0, 'two zero bytes of an IDX file', `${bytes[0]}, ${bytes[1]}`);
  if (bytes[2] !== 8) fail(2, 'type 8, unsigned bytes', bytes[2]);
  const rank = bytes[3];
  if (rank < 1 || rank > MAX_RANK) fail(3, `1 to ${MAX_RANK} dimensions`, rank);
  const start = 4 + 4 * rank;
  need(start, `${rank} sizes of 4 bytes each`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length < start + size) need(start + size, `${shape.join(' × ')} values`);
  if (bytes.length > start + size)
    fail(start + size, 'the end of the file', `${bytes.length - start - size} more bytes`);
  return { shape, values: bytes.subarray(start) };
}
