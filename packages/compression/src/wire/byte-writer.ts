/**
 * A growing byte string: bytes, minimal varints, little-endian numbers, and bit fields.
 *
 * @module
 */

/** Bits fill each byte from its lowest; `align` ends a run of bits with zeros up to the byte. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  #held = 0;
  #fill = 0;
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

  /** The low `width` bits of `value`; width 0 to 32. */
  bits(value: number, width: number): void {
    if (width > 16) {
      this.bits(value & 0xffff, 16);
      this.bits(value >>> 16, width - 16);
      return;
    }
    this.#held |= (value & ((1 << width) - 1)) << this.#fill;
    this.#fill += width;
    for (; this.#fill >= 8; this.#fill -= 8, this.#held >>>= 8) this.byte(this.#held & 255);
  }

  /** `count` zeros and a one. */
  unary(count: number): void {
    let rest = count;
    for (; rest >= 16; rest -= 16) this.bits(0, 16);
    this.bits(1 << rest, rest + 1);
  }

  align(): void {
    if (this.#fill > 0) this.byte(this.#held & 255);
    this.#held = 0;
    this.#fill = 0;
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
