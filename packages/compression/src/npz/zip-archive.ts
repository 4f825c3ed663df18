/**
 * Files as a ZIP archive, with ZIP64 fields where 32 bits do not hold a size or a place, and nowhere else.
 * Format: APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { ByteWriter, utf8Encode } from '@fedkit/core/internal';
import { deflate } from '../entropy/deflate.ts';
import { crc32 } from './crc32.ts';
import { CENTRAL, END, END_64, END_64_LOCATOR, IN_ZIP64, LOCAL, MANY, ZIP64 } from './zip-format.ts';

/** One file to come. */
export interface ZipFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

interface Entry {
  readonly name: Uint8Array;
  readonly method: number;
  readonly crc32: number;
  readonly size: number;
  readonly stored: Uint8Array;
  /** Where its local header begins. */
  readonly offset: number;
  /** A size is in the ZIP64 field, and so both are: a local header has both in it, or none. */
  readonly wide: boolean;
}

interface Directory {
  readonly count: number;
  readonly start: number;
  readonly length: number;
}

/** Of the specification that has ZIP64, and of the one before. */
const VERSION_64 = 45;
const VERSION = 20;
/** The flag of a name in UTF-8. */
const UTF8_NAME = 0x800;
/** 1 January 1980, the oldest date that ZIP knows, so that bytes do not depend on the clock. */
const DATE = 0x21;
const LONGEST_NAME = 0xffff;

/**
 * The archive, in the order of `files`, whose names differ. The same files give the same bytes.
 *
 * @param options - `compress`: by DEFLATE; default stored. `widest`: the largest number that the old fields are trusted with, less
 * than 2^32 − 2 in tests alone.
 * @throws FedkitError `OUT_OF_RANGE` for a name above 65,535 bytes.
 */
export function zipArchive(
  files: readonly ZipFile[],
  { compress = false, widest = IN_ZIP64 - 1 }: { readonly compress?: boolean; readonly widest?: number } = {},
): Uint8Array {
  const writer = new ByteWriter();
  const entries = files.map(({ name, contents }) => {
    const stored = compress ? deflate(contents) : contents;
    const entry: Entry = {
      name: nameOf(name),
      method: compress ? 8 : 0,
      crc32: crc32(contents),
      size: contents.length,
      stored,
      offset: writer.length,
      wide: Math.max(contents.length, stored.length) > widest,
    };
    writeLocal(writer, entry);
    return entry;
  });
  const start = writer.length;
  for (const entry of entries) writeCentral(writer, entry, widest);
  const length = writer.length - start;
  const most = Math.min(widest, MANY - 1);
  const many = entries.length > most;
  const wide = many || Math.max(start, length) > widest || entries.some((entry) => entry.wide);
  if (wide) writeWideEnd(writer, { count: entries.length, start, length });
  const count = many ? MANY : entries.length;
  writer.uint32(END).uint16(0).uint16(0).uint16(count).uint16(count);
  writer.uint32(narrow(length, widest)).uint32(narrow(start, widest)).uint16(0);
  return writer.finish();
}

function nameOf(name: string): Uint8Array {
  const bytes = utf8Encode(name);
  if (bytes.length > LONGEST_NAME) {
    const expected = `tensor names of at most ${LONGEST_NAME} bytes, .npy included`;
    throw new FedkitError('OUT_OF_RANGE', `encodeNpz: expected ${expected}, got ${bytes.length}`);
  }
  return bytes;
}

function writeLocal(writer: ByteWriter, entry: Entry): void {
  const { name, size, stored, wide } = entry;
  writer.uint32(LOCAL).uint16(wide ? VERSION_64 : VERSION);
  writeShared(writer, entry);
  writer.uint16(wide ? 20 : 0).bytes(name);
  if (wide) writer.uint16(ZIP64).uint16(16).uint53(size).uint53(stored.length);
  writer.bytes(stored);
}

function writeCentral(writer: ByteWriter, entry: Entry, widest: number): void {
  const { name, size, stored, offset, wide } = entry;
  const fields = [...(wide ? [size, stored.length] : []), ...(offset > widest ? [offset] : [])];
  const extra = fields.length > 0 ? 4 + 8 * fields.length : 0;
  const version = extra > 0 ? VERSION_64 : VERSION;
  writer.uint32(CENTRAL).uint16(version).uint16(version);
  writeShared(writer, entry);
  // No comment, the first disk, no attributes.
  writer.uint16(extra).uint16(0).uint16(0).uint16(0).uint32(0);
  writer.uint32(narrow(offset, widest)).bytes(name);
  if (extra > 0) writer.uint16(ZIP64).uint16(8 * fields.length);
  for (const field of fields) writer.uint53(field);
}

/** What both headers of a file have alike, up to the length of its name. */
function writeShared(writer: ByteWriter, { name, method, crc32: crc, stored, size, wide }: Entry): void {
  // ASCII is the same in any code page.
  writer.uint16(name.every((byte) => byte < 0x80) ? 0 : UTF8_NAME).uint16(method);
  writer.uint16(0).uint16(DATE).uint32(crc);
  writer
    .uint32(wide ? IN_ZIP64 : stored.length)
    .uint32(wide ? IN_ZIP64 : size)
    .uint16(name.length);
}

function writeWideEnd(writer: ByteWriter, { count, start, length }: Directory): void {
  // The first length leaves out these twelve bytes.
  writer.uint32(END_64).uint53(44).uint16(VERSION_64).uint16(VERSION_64).uint32(0).uint32(0);
  writer.uint53(count).uint53(count).uint53(length).uint53(start);
  writer
    .uint32(END_64_LOCATOR)
    .uint32(0)
    .uint53(start + length)
    .uint32(1);
}

function narrow(value: number, widest: number): number {
  return value > widest ? IN_ZIP64 : value;
}
