/**
 * The header of a GGUF file: metadata and where each tensor lies.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { describe, utf8Decode } from '@fedkit/core/internal';
import { shortText } from './short-text.ts';

/** A value of the metadata; 64-bit integers as the nearest numbers. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** A tensor as the header describes it. */
interface GgufTensor {
  readonly name: string;
  /** Rows first, as everywhere here: the reverse of the file's order. */
  readonly shape: readonly number[];
  /** ggml's number of its type. */
  readonly type: number;
  /** Byte of the file where it begins. */
  readonly offset: number;
}

/** A parsed header. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

/** The most bytes that a header may have. */
export const MAX_GGUF_HEADER: number = 1 << 26;
/** The most tensors and metadata entries. */
const MAX_ENTRIES = 65_536;
const MAX_NAME = 1024;
const MAX_DEPTH = 3;
/** The most elements of an array: twice the largest vocabulary that is taken. */
const MAX_ELEMENTS = 1 << 21;

/** Thrown where the bytes at hand end before the header does. */
class More extends Error {}

/**
 * Parses a header that begins at byte 0 of `bytes`.
 *
 * @param bytes - The beginning of the file.
 * @param size - Bytes of the whole file.
 * @returns `undefined` if the header goes on behind `bytes`.
 * @throws FedkitError `DECODE_FAILED`, naming the place, for anything else than a well-formed header.
 */
export function parseGgufHeader(bytes: Uint8Array, size: number): GgufHeader | undefined {
  try {
    return new HeaderParser(bytes, size).parse();
  } catch (error) {
    if (!(error instanceof More)) throw error;
    if (bytes.length < Math.min(size, MAX_GGUF_HEADER)) return undefined;
    malformed('header', `its end within ${Math.min(size, MAX_GGUF_HEADER)} bytes`, 'more');
  }
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `loadGguf: ${where}: expected ${expected}, got ${describe(got)}`);
}

// Bytes of ggml's scalar metadata types, by their number; strings (8) and arrays (9) have lengths of their own.
const SCALAR_BYTES: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 8, 8, 8, 8, 8];

class HeaderParser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  #at = 0;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#size = size;
  }

  parse(): GgufHeader {
    const magic = this.#u32();
    if (magic !== 0x46554747) malformed('file', 'the letters GGUF', magic);
    const version = this.#u32();
    if (version !== 2 && version !== 3) malformed('version', 'GGUF 2 or 3, little-endian', version);
    const tensorCount = this.#count('number of tensors', 24);
    const entryCount = this.#count('number of metadata entries', 13);
    this.#walk(entryCount);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < entryCount; i++) {
      const key = this.#name('metadata key');
      if (metadata.has(key)) malformed('metadata', 'keys that differ', key);
      metadata.set(key, this.#value(key, this.#u32(), 0));
    }
    const found = Array.from({ length: tensorCount }, () => this.#tensor());
    const alignment = metadata.get('general.alignment') ?? 32;
    if (typeof alignment !== 'number' || alignment < 8 || alignment > 65_536 || alignment % 8 !== 0) {
      malformed('general.alignment', 'a multiple of 8, at most 65536', alignment);
    }
    const start = Math.ceil(this.#at / alignment) * alignment;
    const names = new Set<string>();
    const tensors = found.map(({ offset, ...tensor }) => {
      if (names.has(tensor.name)) malformed('tensors', 'names that differ', tensor.name);
      names.add(tensor.name);
      if (offset % alignment !== 0) malformed(`offset of ${tensor.name}`, `a multiple of ${alignment}`, offset);
      return { ...tensor, offset: start + offset };
    });
    return { version, metadata, tensors };
  }

  /**
   * Goes over the metadata without making anything of it: what would be made is lost where it goes on behind the bytes at hand.
   * Whatever is malformed ends it, and is left to who makes the values.
   */
  #walk(entries: number): void {
    const start = this.#at;
    for (let i = 0; i < entries && this.#pass(8, 0) && this.#pass(this.#u32(), 0); i++);
    this.#at = start;
  }

  /** Goes over a value. Returns false for one that is malformed. */
  #pass(type: number, depth: number): boolean {
    if (type === 8) return this.#over(this.#u64('length'));
    if (type !== 9) return this.#over(SCALAR_BYTES[type]);
    const element = this.#u32();
    const count = this.#u64('length');
    if (depth === MAX_DEPTH || count > MAX_ELEMENTS) return false;
    if (element !== 8 && element !== 9) return this.#over(count * SCALAR_BYTES[element]);
    for (let i = 0; i < count; i++) if (!this.#pass(element, depth + 1)) return false;
    return true;
  }

  /** Goes over bytes, unless no file of this size has them or their number is none. */
  #over(bytes: number): boolean {
    if (!(bytes <= this.#size)) return false;
    this.#take(bytes);
    return true;
  }

  #tensor(): GgufTensor {
    const name = this.#name('tensor name');
    const dimensions = this.#u32();
    if (dimensions < 1 || dimensions > 4) malformed(`dimensions of ${name}`, '1 to 4', dimensions);
    const shape = Array.from({ length: dimensions }, () => this.#u64(`shape of ${name}`)).reverse();
    let values = 1;
    for (const length of shape) {
      values *= length;
      if (length === 0 || values > 2 ** 40) malformed(`shape of ${name}`, 'between 1 and 2^40 values', values);
    }
    return { name, shape, type: this.#u32(), offset: this.#u64(`offset of ${name}`) };
  }

  /** A number of things that each take `least` bytes at least, so that a lie cannot make us wait for them. */
  #count(where: string, least: number): number {
    const count = this.#u64(where);
    if (count > MAX_ENTRIES || count * least > this.#size) {
      malformed(where, `at most ${Math.min(MAX_ENTRIES, Math.floor(this.#size / least))}`, count);
    }
    return count;
  }

  #value(key: string, type: number, depth: number): GgufValue {
    if (type === 8) return this.#text(`value of ${key}`, MAX_GGUF_HEADER);
    if (type === 9) {
      if (depth === MAX_DEPTH) malformed(`value of ${key}`, `arrays at most ${MAX_DEPTH} deep`, 'deeper');
      const element = this.#u32();
      const length = this.#u64(`length of ${key}`);
      const least = SCALAR_BYTES[element] ?? malformed(`type of ${key}`, 'a type from 0 to 12', element);
      const most = Math.min(MAX_ELEMENTS, Math.floor(this.#size / least));
      if (length > most) malformed(`length of ${key}`, `at most ${most}`, length);
      const values: GgufValue[] = [];
      const where = `value of ${key}`;
      for (let i = 0; i < length; i++) {
        values.push(element === 8 ? this.#text(where, MAX_GGUF_HEADER) : this.#value(key, element, depth + 1));
      }
      return values;
    }
    const bytes = SCALAR_BYTES[type] ?? malformed(`type of ${key}`, 'a type from 0 to 12', type);
    const at = this.#take(bytes);
    const view = this.#view;
    if (type === 0) return view.getUint8(at);
    if (type === 1) return view.getInt8(at);
    if (type === 2) return view.getUint16(at, true);
    if (type === 3) return view.getInt16(at, true);
    if (type === 4) return view.getUint32(at, true);
    if (type === 5) return view.getInt32(at, true);
    if (type === 6) return view.getFloat32(at, true);
    if (type === 7) return view.getUint8(at) !== 0;
    if (type === 10) return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
    if (type === 11) return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
    return view.getFloat64(at, true);
  }

  #name(where: string): string {
    const name = this.#text(where, MAX_NAME);
    if (name.length === 0) malformed(where, 'at least one character', name);
    return name;
  }

  #text(where: string, most: number): string {
    const length = this.#u64(where);
    if (length > Math.min(most, this.#size)) malformed(where, `at most ${Math.min(most, this.#size)} bytes`, length);
    const at = this.#take(length);
    const short = shortText(this.#bytes, at, length);
    if (short !== undefined) return short;
    try {
      return utf8Decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new FedkitError('DECODE_FAILED', `loadGguf: ${where}: expected UTF-8, got other bytes`, { cause });
    }
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #u64(where: string): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (!Number.isSafeInteger(value)) malformed(where, 'an integer below 2^53', value);
    return value;
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new More();
    this.#at = at + length;
    return at;
  }
}
