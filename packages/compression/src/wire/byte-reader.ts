/**
 * The other side of {@link ByteWriter}, for bytes nobody vouches for: every read is bounded, every refusal a
 * `DECODE_FAILED`.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';

/** Refuses the bytes. */
export function corrupt(expected: string, got: string | number): never {
  throw new FedkitError('DECODE_FAILED', `decode: expected ${expected}, got ${got}`);
}

/**
 * Reads what {@link ByteWriter} wrote, bytes and bits. Everything else is refused as `DECODE_FAILED`, before anything
 * is allocated for it.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;
  #held = 0;
  #fill = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#next;
  }

  byte(): number {
    if (this.#next >= this.#bytes.length) corrupt('more bytes', 'the end');
    return this.#bytes[this.#next++];
  }

  /** A minimal varint in [0, maximum]. */
  varint(maximum: number, what: string): number {
    let value = 0;
    for (let factor = 1, count = 1; ; factor *= 128, count++) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (value > maximum || count > 7) corrupt(`${what} up to ${maximum}`, 'more');
      if (byte < 128) {
        if (byte === 0 && count > 1) corrupt(`${what} without superfluous bytes`, count);
        return value;
      }
    }
  }

  /** A finite float32 whose magnitude is at most `maximum`; −0 is refused, so that zero has one form. */
  float32(what: string, maximum = 3.4028234663852886e38): number {
    const value = this.#view.getFloat32(this.#skip(4), true);
    if (!(Math.abs(value) <= maximum) || Object.is(value, -0)) {
      corrupt(`${what} of magnitude up to ${maximum}`, Object.is(value, -0) ? '−0' : value);
    }
    return value;
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** A view on the next `count` bytes. */
  take(count: number): Uint8Array {
    const start = this.#skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** A reader of its own for the next `count` bytes. */
  fork(count: number): ByteReader {
    return new ByteReader(this.take(count));
  }

  /** The next `width` bits, 0 to 32, as an unsigned number. */
  bits(width: number): number {
    if (width > 16) {
      const low = this.bits(16);
      return low + this.bits(width - 16) * 65_536;
    }
    for (; this.#fill < width; this.#fill += 8) this.#held |= this.byte() << this.#fill;
    const value = this.#held & ((1 << width) - 1);
    this.#held >>>= width;
    this.#fill -= width;
    return value;
  }

  /** The number of zeros before the next one. */
  unary(maximum: number): number {
    let count = 0;
    while (this.#held === 0) {
      count += this.#fill;
      if (count > maximum) corrupt(`a run of at most ${maximum}`, count);
      this.#held = this.byte();
      this.#fill = 8;
    }
    const zeros = 31 - Math.clz32(this.#held & -this.#held);
    this.#held >>>= zeros + 1;
    this.#fill -= zeros + 1;
    if (count + zeros > maximum) corrupt(`a run of at most ${maximum}`, count + zeros);
    return count + zeros;
  }

  /** Ends a run of bits; what is left of its last byte must be zero. */
  align(): void {
    if (this.#held !== 0) corrupt('zero bits up to the byte', 'others');
    this.#fill = 0;
  }

  /** Refuses bytes behind the end. */
  end(): void {
    if (this.remaining > 0) corrupt('the end', `${this.remaining} more bytes`);
  }

  #skip(count: number): number {
    const start = this.#next;
    if (count > this.remaining) corrupt(`${count} more bytes`, this.remaining);
    this.#next += count;
    return start;
  }
}
