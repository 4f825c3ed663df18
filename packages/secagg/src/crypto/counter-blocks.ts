/**
 * The counter blocks that AES in counter mode encrypts, from a zero counter on: the same for every mask.
 *
 * @module
 */

/** Bytes of a block of AES. */
export const AES_BLOCK = 16;

/** Up to here they are kept: more would fall out of the caches they are to be read from. */
export const COUNTED_BYTES = 1_048_576;

let kept: Uint8Array | undefined;

/** Counters `first` to `first + count` − 1 below 2^32, 128 bits each, most significant byte first. */
export function counterBlocks(first: number, count: number): Uint8Array {
  const [from, to] = [first * AES_BLOCK, (first + count) * AES_BLOCK];
  if (to > COUNTED_BYTES) return made(first, count);
  kept ??= made(0, COUNTED_BYTES / AES_BLOCK);
  return kept.subarray(from, to);
}

function made(first: number, count: number): Uint8Array {
  const blocks = new DataView(new ArrayBuffer(count * AES_BLOCK));
  for (let i = 0; i < count; i++) blocks.setUint32(i * AES_BLOCK + 12, first + i);
  return new Uint8Array(blocks.buffer);
}
