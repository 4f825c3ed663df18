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
 * Reads what {@link ByteWriter} wrote. Everything else is refused as `DECODE_FAILED`, before anything
 * is allocated for it.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#next;
  }

  byte(): number {
    return this.#bytes[this.#skip(1)];
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
    return this.#bytes.subarray(this.#skip(count), this.#next);
  }

  /** A reader of its own for the next `count` bytes. */
  fork(count: number): ByteReader {
    return new ByteReader(this.take(count));
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
