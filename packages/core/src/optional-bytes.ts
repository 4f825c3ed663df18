/**
 * Bytes that may be absent, as a field: a flag, then the bytes after their length.
 *
 * @module
 */
import type { ByteReader, ByteWriter } from './bytes.ts';

export function optional(writer: ByteWriter, bytes: Uint8Array | undefined): void {
  writer.flag(bytes !== undefined);
  if (bytes !== undefined) writer.long(bytes);
}

/** What {@link optional} wrote. */
export function readOptional(reader: ByteReader): Uint8Array | undefined {
  return reader.flag() ? reader.long() : undefined;
}
