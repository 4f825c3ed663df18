/**
 * A growing byte string: bytes, minimal varints and little-endian numbers.
 *
 * @module
 */

/** Appends bytes, varints and numbers to a byte string that grows as it must; {@link ByteReader} reads them. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #scratch = new DataView(new ArrayBuffer(4));

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** LEB128: seven bits a byte, low first, no superfluous byte. `value` an integer in [0, 2^53). */
  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  /** Rounded to float32; −0 becomes 0, its one form. */
  float32(value: number): void {
    this.#scratch.setFloat32(0, Math.fround(value) + 0, true);
    for (let i = 0; i < 4; i++) this.byte(this.#scratch.getUint8(i));
  }

  uint16(value: number): void {
    this.byte(value & 255);
    this.byte(value >>> 8);
  }

  uint32(value: number): void {
    this.uint16(value & 0xffff);
    this.uint16(value >>> 16);
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes);
  }

  /** `count` further bytes to be filled before the next write. */
  reserve(count: number): Uint8Array {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    this.#length += count;
    return this.#bytes.subarray(this.#length - count, this.#length);
  }

  /** A copy of what was written, of exactly that length. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.#length + count, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
