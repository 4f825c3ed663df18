/**
 * What lies where in a ZIP archive, by its central directory alone: local headers may leave sizes to ZIP64 fields.
 * Format: APPNOTE.TXT of PKWARE, sections 4.3.12 to 4.3.16 and 4.5.3.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { describe, utf8Decode } from '@fedkit/core/internal';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 DEFLATE. */
  readonly method: number;
  readonly crc32: number;
  readonly size: number;
  /** The bytes as the archive holds them: a view. */
  readonly stored: Uint8Array;
}

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const IN_ZIP64 = 0xffffffff;
const MAX_ENTRIES = 65_536;

/**
 * The files of `archive`, in the order of its directory. Every offset is checked against the bytes at hand.
 *
 * @throws FedkitError `DECODE_FAILED` for what is no archive, is encrypted, or names a file twice.
 */
export function zipDirectory(archive: Uint8Array): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const { count, start, end } = directoryOf(view);
  if (count > MAX_ENTRIES) malformedZip(`at most ${MAX_ENTRIES} files`, count);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = start;
  for (let i = 0; i < count; i++) {
    within(view, at, 46);
    if (view.getUint32(at, true) !== CENTRAL) malformedZip('an entry of the directory', `other bytes at ${at}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    within(view, at + 46, nameLength + extraLength + commentLength);
    const flags = view.getUint16(at + 8, true);
    if (flags & 1) malformedZip('files that are not encrypted', 'an encrypted one');
    const nameBytes = archive.subarray(at + 46, at + 46 + nameLength);
    // Without the flag a name is in an old code page, which we read as far as it is ASCII.
    const name = flags & 0x800 ? utf8Decode(nameBytes) : String.fromCharCode(...nameBytes);
    if (names.has(name)) malformedZip('names that differ', name);
    names.add(name);
    const [size, storedSize, offset] = wideFields(view, at, at + 46 + nameLength, extraLength);
    within(view, offset, 30);
    if (view.getUint32(offset, true) !== LOCAL) malformedZip('a local header', `other bytes at ${offset}`);
    const data = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    within(view, data, storedSize);
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      size,
      stored: archive.subarray(data, data + storedSize),
    });
    at += 46 + nameLength + extraLength + commentLength;
  }
  if (at !== end) malformedZip(`a directory that ends at ${end}`, at);
  return entries;
}

function directoryOf(view: DataView): { count: number; start: number; end: number } {
  // A comment of up to 65,535 bytes may follow the end record.
  let end = view.byteLength - 22;
  for (const last = Math.max(0, end - 0xffff); end >= last; end--) {
    if (view.getUint32(end, true) === END && end + 22 + view.getUint16(end + 20, true) === view.byteLength) break;
  }
  if (end < 0 || view.getUint32(end, true) !== END) malformedZip('the end of a directory', 'none');
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count !== 0xffff && start !== IN_ZIP64) return { count, start, end };
  within(view, end - 20, 20);
  if (view.getUint32(end - 20, true) !== END_64_LOCATOR) return { count, start, end };
  const wide = uint64(view, end - 20 + 8);
  within(view, wide, 56);
  if (view.getUint32(wide, true) !== END_64) malformedZip('the ZIP64 end of a directory', 'other bytes');
  return { count: uint64(view, wide + 32), start: uint64(view, wide + 48), end: wide };
}

/** Size, stored size and offset of an entry; those that do not fit 32 bits stand in the ZIP64 extra field, in this order. */
function wideFields(view: DataView, at: number, extra: number, extraLength: number): [number, number, number] {
  const fields = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
  if (!fields.includes(IN_ZIP64)) return fields as [number, number, number];
  for (let field = extra; field + 4 <= extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    const wide = fields.map((value) => {
      if (value !== IN_ZIP64) return value;
      within(view, next, 8);
      next += 8;
      return uint64(view, next - 8);
    });
    if (next > field + 4 + view.getUint16(field + 2, true)) malformedZip('a whole ZIP64 field', 'a short one');
    return wide as [number, number, number];
  }
  return malformedZip('a ZIP64 field', 'none');
}

function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x100000000;
}

function within(view: DataView, at: number, length: number): void {
  if (at < 0 || at + length > view.byteLength) malformedZip(`${length} bytes at ${at}`, `${view.byteLength} in all`);
}

/** Refuses an archive as `DECODE_FAILED`. */
export function malformedZip(expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `decodeNpz: expected ${expected}, got ${describe(got)}`);
}
