/**
 * Range asymmetric numeral systems (Duda, arXiv:1311.2540): a 32-bit state renormalized by 16 bits over frequencies
 * that sum to 2^14. Encoding runs backwards so that decoding streams forwards.
 *
 * @module
 */
import { BitReader } from '../wire/bit-reader.ts';
import { BitWriter } from '../wire/bit-writer.ts';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const PRECISION = 14;
const TOTAL = 1 << PRECISION;
const LOW = 65_536;
/** The most different symbols. */
const MAX_SYMBOLS = 256;

/** Frequencies for `counts` that sum to 2^14, at least 1 for whatever occurs. */
export function normalize(counts: Uint32Array): Uint16Array {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const frequencies = new Uint16Array(counts.length);
  const remainders: [remainder: number, symbol: number][] = [];
  let left = TOTAL;
  counts.forEach((count, symbol) => {
    if (count === 0) return;
    const exact = (count * TOTAL) / all;
    frequencies[symbol] = Math.max(1, Math.floor(exact));
    left -= frequencies[symbol];
    remainders.push([exact - frequencies[symbol], symbol]);
  });
  remainders.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (let i = 0; left > 0; i++, left--) frequencies[remainders[i % remainders.length][1]]++;
  for (; left < 0; left++) {
    let largest = 0;
    for (let s = 1; s < frequencies.length; s++) if (frequencies[s] > frequencies[largest]) largest = s;
    frequencies[largest]--;
  }
  return frequencies;
}

/** The table: the largest symbol, then Elias-gamma codes of frequency + 1. */
function writeTable(out: ByteWriter, frequencies: Uint16Array): void {
  let last = frequencies.length - 1;
  while (frequencies[last] === 0) last--;
  out.byte(last);
  const bits = new BitWriter(out);
  for (let s = 0; s <= last; s++) {
    const value = frequencies[s] + 1;
    const width = 31 - Math.clz32(value);
    bits.unary(width);
    bits.bits(value, width);
  }
  bits.align();
}

function readTable(input: ByteReader): Uint16Array {
  const last = input.byte();
  const frequencies = new Uint16Array(last + 1);
  const bits = new BitReader(input);
  let left = TOTAL;
  for (let s = 0; s <= last; s++) {
    const width = bits.unary(PRECISION);
    frequencies[s] = 2 ** width + bits.bits(width) - 1;
    left -= frequencies[s];
    if (left < 0) corrupt(`frequencies that sum to ${TOTAL}`, 'more');
  }
  bits.align();
  if (left !== 0 || frequencies[last] === 0)
    corrupt(`frequencies that sum to ${TOTAL}, the last above 0`, TOTAL - left);
  return frequencies;
}

function cumulate(frequencies: Uint16Array): Uint16Array {
  const starts = new Uint16Array(frequencies.length);
  for (let s = 1; s < starts.length; s++) starts[s] = starts[s - 1] + frequencies[s - 1];
  return starts;
}

/** Table, final state, words. @returns the bytes of the table alone. */
export function writeRans(out: ByteWriter, symbols: Uint16Array): number {
  const counts = new Uint32Array(MAX_SYMBOLS);
  for (let i = 0; i < symbols.length; i++) counts[symbols[i]]++;
  const frequencies = normalize(counts);
  const starts = cumulate(frequencies);
  const before = out.length;
  writeTable(out, frequencies);
  const header = out.length - before;

  const words = new Uint16Array(symbols.length);
  let next = 0;
  let state = LOW;
  for (let i = symbols.length - 1; i >= 0; i--) {
    const s = symbols[i];
    const frequency = frequencies[s];
    if (state >= frequency * 262_144) {
      words[next++] = state & 0xffff;
      state >>>= 16;
    }
    const quotient = Math.floor(state / frequency);
    state = quotient * TOTAL + (state - quotient * frequency) + starts[s];
  }
  out.uint32(state);
  const room = out.reserve(2 * next);
  for (let i = 0; i < next; i++) {
    const word = words[next - 1 - i];
    room[2 * i] = word & 255;
    room[2 * i + 1] = word >>> 8;
  }
  return header;
}

/** Decodes symbol after symbol; `end` checks that the stream ends where encoding began. */
export class RansDecoder {
  readonly #input: ByteReader;
  readonly #frequencies: Uint16Array;
  readonly #starts: Uint16Array;
  readonly #symbols: Uint8Array = new Uint8Array(TOTAL);
  #state: number;

  constructor(input: ByteReader) {
    this.#input = input;
    this.#frequencies = readTable(input);
    this.#starts = cumulate(this.#frequencies);
    this.#frequencies.forEach((frequency, s) => this.#symbols.fill(s, this.#starts[s], this.#starts[s] + frequency));
    this.#state = input.uint32();
    if (this.#state < LOW) corrupt(`a state of at least ${LOW}`, this.#state);
  }

  /** Decodes `count` symbols into the front of `into`. */
  read(into: Uint16Array, count: number): void {
    const symbols = this.#symbols;
    const frequencies = this.#frequencies;
    const starts = this.#starts;
    let state = this.#state;
    for (let i = 0; i < count; i++) {
      const slot = state & (TOTAL - 1);
      const s = symbols[slot];
      into[i] = s;
      state = frequencies[s] * (state >>> PRECISION) + slot - starts[s];
      if (state < LOW) state = state * 65_536 + this.#input.uint16();
    }
    this.#state = state;
  }

  end(): void {
    if (this.#state !== LOW) corrupt(`the state ${LOW} at the end`, this.#state);
    this.#input.end();
  }
}
