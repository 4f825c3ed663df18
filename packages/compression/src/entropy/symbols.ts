/**
 * A sequence of small integers in the smallest of three forms: packed, rANS, DEFLATE of the packed ones.
 *
 * @module
 */
import { ByteReader, corrupt } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { deflateBelow, inflate, worthDeflating } from './deflate.ts';
import { RansDecoder, writeRans } from './rans.ts';

const PACKED = 0;
const RANS = 1;
const DEFLATED = 2;

/** Hands out symbols in order. */
export interface SymbolReader {
  /** The next `count` symbols, in the front of `into`. */
  read(into: Uint16Array, count: number): void;
  /** Checks that nothing is left. */
  end(): void;
}

/** Writes `symbols`, each below 2^width, width 1 to 16. */
export function writeSymbols(out: ByteWriter, symbols: Uint16Array, width: number): void {
  const packed = pack(symbols, width);
  let form = PACKED;
  let best = packed;
  if (width <= 8 && symbols.length > 0) {
    const rans = new ByteWriter();
    writeRans(rans, symbols);
    if (rans.length < best.length) [form, best] = [RANS, rans.finish()];
  }
  const deflated = worthDeflating(packed.length, packed) ? deflateBelow(packed, best.length) : undefined;
  if (deflated !== undefined) [form, best] = [DEFLATED, deflated];
  out.byte(form);
  if (form !== PACKED) out.varint(best.length);
  out.bytes(best);
}

export function readSymbols(input: ByteReader, count: number, width: number): SymbolReader {
  const form = input.byte();
  const packedLength = Math.ceil((count * width) / 8);
  if (form === PACKED) return new PackedReader(input.take(packedLength), width);
  const length = input.varint(packedLength, 'a length');
  const bytes = input.take(length);
  if (form === DEFLATED) return new PackedReader(inflate(bytes, packedLength), width);
  if (form !== RANS || width > 8) return corrupt('packed, rANS or DEFLATE symbols', form);
  return new RansDecoder(new ByteReader(bytes));
}

/** Symbols of `width` bits each, low bits first. */
function pack(symbols: Uint16Array, width: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((symbols.length * width) / 8));
  let [held, fill, next] = [0, 0, 0];
  for (let i = 0; i < symbols.length; i++) {
    held |= symbols[i] << fill;
    for (fill += width; fill >= 8; fill -= 8, held >>>= 8) bytes[next++] = held;
  }
  if (fill > 0) bytes[next] = held;
  return bytes;
}

class PackedReader implements SymbolReader {
  readonly #bytes: Uint8Array;
  readonly #width: number;
  #next = 0;
  #held = 0;
  #fill = 0;

  constructor(bytes: Uint8Array, width: number) {
    this.#bytes = bytes;
    this.#width = width;
  }

  read(into: Uint16Array, count: number): void {
    const bytes = this.#bytes;
    const width = this.#width;
    const mask = 2 ** width - 1;
    let [next, held, fill] = [this.#next, this.#held, this.#fill];
    for (let i = 0; i < count; i++) {
      for (; fill < width; fill += 8) held |= bytes[next++] << fill;
      into[i] = held & mask;
      held >>>= width;
      fill -= width;
    }
    [this.#next, this.#held, this.#fill] = [next, held, fill];
  }

  end(): void {
    if (this.#held !== 0 || this.#next !== this.#bytes.length) corrupt('zero bits up to the byte', 'others');
  }
}
