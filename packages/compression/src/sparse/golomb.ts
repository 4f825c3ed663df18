/**
 * Golomb codes of gaps (Golomb 1966; optimal for geometric gaps, Gallager and van Voorhis 1975), with a divisor of their
 * own for every 256 gaps, so that supports that cluster cost less than evenly spread ones.
 *
 * @module
 */
import { BitReader } from '../wire/bit-reader.ts';
import { BitWriter } from '../wire/bit-writer.ts';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/** Gaps that share a divisor. */
const GROUP = 256;
const INDEX_BITS = 7;
const MAX_INDEX = 118;

/** Divisors in quarter octaves: 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, …, 2^31. */
function divisor(index: number): number {
  return index < 4 ? index + 1 : (5 + (index & 3)) * 2 ** ((index >>> 2) - 1);
}

/** Writes strictly ascending places; each group opens with 0, or 1 and a new divisor. */
export function writeGaps(out: ByteWriter, places: Uint32Array): void {
  const bits = new BitWriter(out);
  let before = -1;
  let current = 0;
  const gaps = new Int32Array(GROUP);
  for (let start = 0; start < places.length; start += GROUP) {
    const count = Math.min(GROUP, places.length - start);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      gaps[i] = places[start + i] - before - 1;
      before = places[start + i];
      sum += gaps[i];
    }
    const best = bestIndex(gaps, count, sum);
    const change = best !== current && cost(gaps, count, best) + INDEX_BITS < cost(gaps, count, current);
    bits.bits(change ? 1 : 0, 1);
    if (change) bits.bits(best, INDEX_BITS);
    if (change) current = best;
    const m = divisor(current);
    const inverse = 1 / m;
    const width = widthOf(m);
    const cutoff = 2 ** width - m;
    for (let i = 0; i < count; i++) {
      const quotient = ratio(gaps[i], inverse);
      const rest = (gaps[i] - quotient * m) | 0;
      bits.unary(quotient);
      if (width === 0) continue;
      const long = (rest + cutoff) | 0;
      if (rest < cutoff) bits.bits(rest, width - 1);
      else bits.bits((long >>> 1) | ((long & 1) << (width - 1)), width);
    }
  }
  bits.align();
}

/** Reads `count` strictly ascending places below `size`; refuses before allocating what the bytes cannot hold. */
export function readGaps(input: ByteReader, count: number, size: number): Uint32Array {
  if (count > size || count > 8 * input.remaining) corrupt('no more places than values and bits', count);
  const places = new Uint32Array(count);
  const bits = new BitReader(input);
  let before = -1;
  let current = 0;
  for (let start = 0; start < count; start += GROUP) {
    if (bits.bits(1) === 1) {
      const index = bits.bits(INDEX_BITS);
      if (index > MAX_INDEX || index === current) corrupt(`another divisor, up to ${MAX_INDEX}`, index);
      current = index;
    }
    const m = divisor(current);
    const width = widthOf(m);
    const cutoff = 2 ** width - m;
    const end = Math.min(count, start + GROUP);
    for (let i = start; i < end; i++) {
      const quotient = bits.unary(Math.ceil(size / m));
      let rest = 0;
      if (width > 0) {
        rest = bits.bits(width - 1);
        if (rest >= cutoff) rest = 2 * rest + bits.bits(1) - cutoff;
      }
      before += quotient * m + rest + 1;
      if (before >= size) corrupt(`places below ${size}`, before);
      places[i] = before;
    }
  }
  bits.align();
  return places;
}

/** Bits of a remainder below m: ⌈log2 m⌉. */
function widthOf(m: number): number {
  return m === 1 ? 0 : 32 - Math.clz32(m - 1);
}

/**
 * ⌊gap/m⌋, without the division: (gap + ½)/m lies at least ½/m from every integer, and rounding moves it by less than
 * 2^-20/m, gaps and divisors being below 2^31.
 */
function ratio(gap: number, inverse: number): number {
  return ((gap + 0.5) * inverse) | 0;
}

/** The bits of the gaps' codes. Without branches, of which every other one would be mispredicted; gaps sum to less than 2^31. */
function cost(gaps: Int32Array, count: number, index: number): number {
  const m = divisor(index) | 0;
  const inverse = 1 / m;
  const width = widthOf(m);
  const cutoff = (2 ** width - m) | 0;
  let quotients = 0;
  let short = 0;
  for (let i = 0; i < count; i++) {
    const quotient = ratio(gaps[i], inverse);
    quotients = (quotients + quotient) | 0;
    // 1 where the rest is below the cutoff.
    short += (gaps[i] - Math.imul(quotient, m) - cutoff) >>> 31;
  }
  return quotients + count * (1 + width) - short;
}

/** The cheapest divisor near ln 2 times the mean gap, found by walking downhill. */
function bestIndex(gaps: Int32Array, count: number, sum: number): number {
  const target = (0.6931 * sum) / count;
  let index = 0;
  while (index < MAX_INDEX && divisor(index) < target) index++;
  let bits = cost(gaps, count, index);
  for (const step of [1, -1]) {
    for (let next = index + step; next >= 0 && next <= MAX_INDEX; next += step) {
      const other = cost(gaps, count, next);
      if (other >= bits) break;
      [index, bits] = [next, other];
    }
  }
  return index;
}
