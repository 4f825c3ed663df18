/**
 * The checksum of ZIP archives: CRC-32 of ISO 3309, reflected polynomial 0xEDB88320. It finds accidents, not intent.
 *
 * @module
 */

let table: Int32Array | undefined;

/** The CRC-32 of `bytes`, in [0, 2^32). O(bytes). */
export function crc32(bytes: Uint8Array): number {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    return rest;
  });
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
