/**
 * What lies where in a ZIP archive, by its central directory alone: local headers may leave sizes to ZIP64 fields.
 * Format: APPNOTE.TXT of PKWARE, sections 4.3.12 to 4.3.16 and 4.5.3.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { describe, utf8Decode } from '@fedkit/core/internal';
import { CENTRAL, END, END_64, END_64_LOCATOR, IN_ZIP64, LOCAL, MANY, ZIP64 } from './zip-format.ts';

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

/**
 * The files of `archive`, in the order of its directory. Every offset is checked against the bytes at hand.
 *
 * @throws FedkitError `DECODE_FAILED` for what is no archive, is encrypted, or names a file twice.
 */
export function zipDirectory(archive: Uint8Array): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const { count, start, end } = directoryOf(view);
  if (46 * count > view.byteLength) malformedZip(`as many files as fit ${view.byteLength} bytes`, count);
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
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== END_64_LOCATOR) return { count, start, end };
  const wide = uint64(view, locator + 8);
  within(view, wide, 56);
  if (view.getUint32(wide, true) !== END_64) malformedZip('the ZIP64 end of a directory', 'other bytes');
  // Without these twelve bytes.
  const length = uint64(view, wide + 4);
  if (wide + 12 + length !== locator) malformedZip(`a ZIP64 end of ${locator - wide - 12} bytes`, length);
  const found = { count: uint64(view, wide + 32), start: uint64(view, wide + 48), end: wide };
  // Some writers leave the old fields full. An archive that says two things is read as one by others.
  if ((count !== MANY && count !== found.count) || (start !== IN_ZIP64 && start !== found.start)) {
    malformedZip(`a directory of ${count} files at ${start}`, `one of ${found.count} at ${found.start}`);
  }
  return found;
}

/** Size, stored size and offset of an entry; those that do not fit 32 bits stand in the ZIP64 extra field, in this order. */
function wideFields(view: DataView, at: number, extra: number, extraLength: number): [number, number, number] {
  const fields = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
  if (!fields.includes(IN_ZIP64)) return fields as [number, number, number];
  for (let field = extra; field + 4 <= extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== ZIP64) continue;
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
