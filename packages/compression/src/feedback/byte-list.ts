/**
 * A numbered list of byte strings: catch-ups and saved downlinks.
 *
 * @module
 */
import { ByteReader, corrupt } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';

const MAGIC = 0xfb;
const VERSION = 1;

export interface ByteList {
  /** The version of the model that the parts lead to. */
  readonly version: number;
  readonly parts: readonly Uint8Array[];
}

export function writeByteList({ version, parts }: ByteList): Uint8Array {
  const out = new ByteWriter();
  out.byte(MAGIC);
  out.byte(VERSION);
  out.varint(version);
  out.varint(parts.length);
  for (const part of parts) {
    out.varint(part.length);
    out.bytes(part);
  }
  return out.finish();
}

/** The parts are views on `bytes`. */
export function readByteList(bytes: Uint8Array): ByteList {
  const input = new ByteReader(bytes);
  const magic = input.byte();
  if (magic !== MAGIC) corrupt(`the magic byte ${MAGIC}`, magic);
  const wireVersion = input.byte();
  if (wireVersion !== VERSION) corrupt(`version ${VERSION}`, wireVersion);
  const version = input.varint(2 ** 48, 'a model version');
  const count = input.varint(input.remaining, 'a number of parts');
  const parts = Array.from({ length: count }, () => input.take(input.varint(input.remaining, 'a length')));
  input.end();
  return { version, parts };
}
