/**
 * Small operations on byte strings, and a writer and a reader for fixed layouts. Integers are little-endian.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';

/** The byte strings one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A copy of its own memory. `slice` of a Node.js `Buffer`, which is a `Uint8Array` too, shares it. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Whether two byte strings are the same; takes the same time wherever they first differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/** Lowercase hexadecimal, for digests in maps and messages. Never for secrets. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

/** An unsigned 32-bit integer in four bytes. */
export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Collects fields of a fixed layout. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  uint8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  uint16(value: number): this {
    return this.bytes(Uint8Array.of(value, value >>> 8));
  }

  uint32(value: number): this {
    return this.bytes(uint32Bytes(value));
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

  /** At most 255 bytes after their length. */
  short(bytes: Uint8Array): this {
    return this.uint8(bytes.length).bytes(bytes);
  }

  /** Bytes after their 32-bit length. */
  long(bytes: Uint8Array): this {
    return this.uint32(bytes.length).bytes(bytes);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return concat(...this.#parts);
  }
}

/** Reads a fixed layout; everything it refuses is `DECODE_FAILED`, before anything is allocated for it. */
export class ByteReader {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param where - Opens every message, such as `decodeAdvertise`. */
  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    if (length > this.remaining) this.refuse(`${length} more bytes`, `${this.remaining}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint8(): number {
    return this.bytes(1)[0];
  }

  uint16(): number {
    const b = this.bytes(2);
    return b[0] | (b[1] << 8);
  }

  uint32(): number {
    const b = this.bytes(4);
    return (b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24)) >>> 0;
  }

  uint53(): number {
    const low = this.uint32();
    const high = this.uint32();
    if (high >= 0x200000) this.refuse('an integer below 2^53', 'a larger one');
    return high * 0x100000000 + low;
  }

  float64(): number {
    const b = this.bytes(8);
    return new DataView(b.buffer, b.byteOffset, 8).getFloat64(0, true);
  }

  short(): Uint8Array {
    return this.bytes(this.uint8());
  }

  long(): Uint8Array {
    return this.bytes(this.uint32());
  }

  /** Refuses trailing bytes. */
  end(): void {
    if (this.remaining !== 0) this.refuse('the end', `${this.remaining} more bytes`);
  }

  refuse(expected: string, got: string): never {
    throw new FedkitError('DECODE_FAILED', `${this.#where}: expected ${expected}, got ${got}`);
  }
}
