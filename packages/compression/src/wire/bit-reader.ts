/**
 * Bit fields of bytes nobody vouches for.
 *
 * @module
 */
import { type ByteReader, corrupt } from './byte-reader.ts';

/** Reads what `BitWriter` wrote, from where `input` is; between `align` and the next field the bytes are `input`'s again. */
export class BitReader {
  readonly #input: ByteReader;
  #held = 0;
  #fill = 0;

  constructor(input: ByteReader) {
    this.#input = input;
  }

  /** The next `width` bits, 0 to 32, as an unsigned number. */
  bits(width: number): number {
    if (width > 16) {
      const low = this.bits(16);
      return low + this.bits(width - 16) * 65_536;
    }
    for (; this.#fill < width; this.#fill += 8) this.#held |= this.#input.byte() << this.#fill;
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
      this.#held = this.#input.byte();
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
}
