/**
 * A writer and a reader for fixed layouts. Integers are little-endian.
 *
 * @module
 */
import { FedkitError } from './errors.ts';
import { plainBytes } from './plain-bytes.ts';
import { utf8Decode, utf8Encode } from './utf8.ts';

// Fields up to this length are copied into blocks of scratch as they come; longer ones wait where they are.
const COPIED = 256;
const BLOCK = 4096;
// Erased blocks for the writers to come: allocating one costs more than filling it.
const spareBlocks: Uint8Array[] = [];
const MOST_SPARE = 8;
const NO_BLOCK = /* @__PURE__ */ new Uint8Array(0);

/** Collects fields of a fixed layout, once. What is written may be secret: scratch is erased by `finish`. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #blocks: Uint8Array[] = [];
  /** The last of the blocks; empty before the first, and after `finish`, when others may hold them. */
  #block: Uint8Array = NO_BLOCK;
  /** Of the block: where what is not yet among the parts begins, and ends. */
  #from = 0;
  #to = 0;
  #length = 0;

  uint8(value: number): this {
    const at = this.#room(1);
    this.#block[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#room(2);
    this.#block[at] = value;
    this.#block[at + 1] = value >>> 8;
    return this;
  }

  uint32(value: number): this {
    const at = this.#room(4);
    this.#block[at] = value;
    this.#block[at + 1] = value >>> 8;
    this.#block[at + 2] = value >>> 16;
    this.#block[at + 3] = value >>> 24;
    return this;
  }

  /** A safe integer ≥ 0 in eight bytes. */
  uint53(value: number): this {
    return this.uint32(value % 0x100000000).uint32(Math.floor(value / 0x100000000));
  }

  float64(value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.bytes(bytes);
  }

  /** Bytes of a length both sides know; they must stay as they are until `finish`. */
  bytes(bytes: Uint8Array): this {
    if (bytes.length <= COPIED) {
      const at = this.#room(bytes.length);
      this.#block.set(bytes, at);
      return this;
    }
    this.#flush();
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** At most 255 bytes after their length. */
  short(bytes: Uint8Array): this {
    return this.uint8(bytes.length).bytes(bytes);
  }

  /** A byte that is 0 or 1. */
  flag(value: boolean): this {
    return this.uint8(value ? 1 : 0);
  }

  /** Bytes, which may come in pieces, after their 32-bit length. */
  long(...pieces: readonly Uint8Array[]): this {
    this.uint32(lengthOf(pieces));
    for (const piece of pieces) this.bytes(piece);
    return this;
  }

  /** Text as UTF-8 after its 32-bit length. */
  text(text: string): this {
    return this.long(utf8Encode(text));
  }

  get length(): number {
    return this.#length;
  }

  /** Everything written, in fresh bytes or in the first of `bytes`. The writer is empty after it. */
  finish(bytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#length)): Uint8Array<ArrayBuffer> {
    this.#flush();
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#clear();
    return bytes.subarray(0, at);
  }

  /** As {@link finish}, in pieces: long fields are where they were, and stay the caller's. */
  pieces(): Uint8Array[] {
    this.#flush();
    const scratch = new Set<unknown>(this.#blocks.map(({ buffer }) => buffer));
    const pieces = this.#parts.map((part) => (scratch.has(part.buffer) ? part.slice() : part));
    this.#clear();
    return pieces;
  }

  /** Where in the block the next `bytes` go. */
  #room(bytes: number): number {
    if (this.#to + bytes > this.#block.length) {
      this.#flush();
      this.#block = spareBlocks.pop() ?? new Uint8Array(BLOCK);
      this.#blocks.push(this.#block);
      this.#from = this.#to = 0;
    }
    const at = this.#to;
    this.#to += bytes;
    this.#length += bytes;
    return at;
  }

  #clear(): void {
    for (const block of this.#blocks) {
      block.fill(0);
      if (spareBlocks.length < MOST_SPARE) spareBlocks.push(block);
    }
    this.#parts.length = this.#blocks.length = this.#length = 0;
    this.#block = NO_BLOCK;
    this.#from = this.#to = 0;
  }

  #flush(): void {
    if (this.#to > this.#from) this.#parts.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}

/** Reads what {@link ByteWriter} wrote; everything else is `DECODE_FAILED`. Nothing is allocated beyond what is there. */
export class ByteReader {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = plainBytes(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#next;
  }

  refuse(expected: string, got: string): never {
    throw new FedkitError('DECODE_FAILED', `${this.#where}: expected ${expected}, got ${got}`);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint53(): number {
    const low = this.uint32();
    const high = this.uint32();
    if (high >= 0x200000) this.refuse('an integer below 2^53', 'a larger one');
    return high * 0x100000000 + low;
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A byte that is 0 or 1. */
  flag(): boolean {
    const value = this.uint8();
    if (value > 1) this.refuse('0 or 1', `${value}`);
    return value === 1;
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  short(): Uint8Array {
    return this.bytes(this.uint8());
  }

  long(): Uint8Array {
    return this.bytes(this.uint32());
  }

  text(): string {
    return utf8Decode(this.long());
  }

  end(): void {
    if (this.remaining !== 0) this.refuse('the end', `${this.remaining} further bytes`);
  }

  #take(length: number): number {
    const start = this.#next;
    if (length > this.remaining) this.refuse(`${length} bytes at ${start}`, 'the end');
    this.#next = start + length;
    return start;
  }
}

/** Whether two byte strings are the same. Not for secrets: it stops at the first difference. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // A loop: a function for each byte takes five times as long.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytes of all pieces together. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The parts in one piece; one that is in one already is not copied. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const writer = new ByteWriter();
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}
