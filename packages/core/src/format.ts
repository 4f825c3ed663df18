/**
 * How messages, reports and what devices keep begin: `66 6b`, a letter, a version.
 *
 * @module
 */
import { ByteReader, ByteWriter } from './bytes.ts';
import { checkBytes } from './check.ts';

/** What sets a format apart. */
export interface Format {
  /** The third byte. */
  readonly letter: number;
  /** The newest version, which is written. */
  readonly version: number;
  /** The oldest that is read; default the newest. */
  readonly oldest?: number;
  /** Its name in a message, such as `terms`. */
  readonly what: string;
}

/** A writer behind the beginning. */
export function beginFormat({ letter, version }: Format): ByteWriter {
  return new ByteWriter().bytes(Uint8Array.of(0x66, 0x6b, letter, version));
}

/** Whether bytes begin so, in whatever version. */
export function isFormat(bytes: Uint8Array, { letter }: Format): boolean {
  return bytes[0] === 0x66 && bytes[1] === 0x6b && bytes[2] === letter;
}

/**
 * A reader behind the beginning, and the version that is named there.
 *
 * @throws FedkitError `DECODE_FAILED` for another format or version.
 */
export function openFormat(
  where: string,
  bytes: Uint8Array,
  format: Format,
): { readonly reader: ByteReader; readonly found: number } {
  const reader = new ByteReader(where, checkBytes(where, bytes));
  const { what, version, oldest = version } = format;
  const begin = reader.bytes(4);
  const found = begin[3];
  if (!isFormat(begin, format)) reader.refuse(what, 'other bytes');
  if (found > version || found < oldest) reader.refuse(`version ${version}`, `version ${found}`);
  return { reader, found };
}
