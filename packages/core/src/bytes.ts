/**
 * A writer and a reader for fixed layouts. Integers are little-endian.
 *
 * @module
 */
import { FedkitError } from './errors.ts';
import { utf8Decode, utf8Encode } from './utf8.ts';

/** Collects fields of a fixed layout. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  uint8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  uint32(value: number): this {
    return this.bytes(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
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

  /** Bytes of a length both sides know. Not copied before `finish`. */
  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Bytes after their 32-bit length. */
  long(bytes: Uint8Array): this {
    return this.uint32(bytes.length).bytes(bytes);
  }

  /** Text as UTF-8 after its 32-bit length. */
  text(text: string): this {
    return this.long(utf8Encode(text));
  }

  get length(): number {
    return this.#length;
  }

  /** Everything written, in fresh bytes or in the first of `bytes`. */
  finish(bytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#length)): Uint8Array<ArrayBuffer> {
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes.subarray(0, at);
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
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#next;
  }

  fail(expected: string, got: string): never {
    throw new FedkitError('DECODE_FAILED', `${this.#where}: expected ${expected}, got ${got}`);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint53(): number {
    const low = this.uint32();
    const high = this.uint32();
    if (high >= 0x200000) this.fail('an integer below 2^53', 'a larger one');
    return high * 0x100000000 + low;
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  long(): Uint8Array {
    return this.bytes(this.uint32());
  }

  text(): string {
    return utf8Decode(this.long());
  }

  end(): void {
    if (this.remaining !== 0) this.fail('the end', `${this.remaining} further bytes`);
  }

  #take(length: number): number {
    const start = this.#next;
    if (length > this.remaining) this.fail(`${length} bytes at ${start}`, 'the end');
    this.#next = start + length;
    return start;
  }
}
