/**
 * Bit fields among bytes.
 *
 * @module
 */
import type { ByteWriter } from './byte-writer.ts';

/** Bits fill each byte from its lowest; `align` ends a run of bits with zeros up to the byte, before `out` writes on. */
export class BitWriter {
  readonly #out: ByteWriter;
  #held = 0;
  #fill = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
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
    for (; this.#fill >= 8; this.#fill -= 8, this.#held >>>= 8) this.#out.byte(this.#held & 255);
  }

  /** `count` zeros and a one. */
  unary(count: number): void {
    let rest = count;
    for (; rest >= 16; rest -= 16) this.bits(0, 16);
    this.bits(1 << rest, rest + 1);
  }

  align(): void {
    if (this.#fill > 0) this.#out.byte(this.#held & 255);
    this.#held = 0;
    this.#fill = 0;
  }
}
