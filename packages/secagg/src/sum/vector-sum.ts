/**
 * The running sum of a round's vectors in one memory: inputs, masks and packed uploads are folded in place.
 *
 * Arithmetic wraps modulo 2^32 or 2^64, of which every ring here is a quotient; the ring's own bits are cut off once,
 * when a vector is packed or read.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { CryptoProvider, Keystream } from '../crypto/provider.ts';
import type { MaskedVector } from '../key-derivation.ts';
import { type WordMemory, releaseMemory, wordMemory } from '../kernels/words.ts';
import { packedBytes } from './pack.ts';
import { PiecePairs, type Sign } from './piece-pairs.ts';

/**
 * Keystream is added in pieces of this many bytes: large enough that a call is worth it, small enough that it stays in a
 * core's own cache. Not a multiple of 4096: a copy between addresses whose last twelve bits differ by less than 32, as
 * those of neighbouring blocks of the allocator then do, takes up to twenty times as long on some processors.
 */
export const CHUNK_BYTES = 133_632;
/** Where the sum begins: before it lie two pieces of keystream. */
const START = 2 * CHUNK_BYTES;

/** A mask that is added or subtracted. */
export interface SignedKeystream {
  readonly keystream: Keystream;
  readonly sign: Sign;
}

interface Region {
  readonly vector: MaskedVector;
  readonly offset: number;
  readonly wide: boolean;
}

/** Some values of a vector: where their words begin in memory, and which bytes of the packed vector are theirs. */
interface PackedRun {
  readonly at: number;
  readonly length: number;
  readonly from: number;
  readonly to: number;
  readonly bits: number;
  readonly wide: boolean;
}

/** Sums of named vectors. */
export class VectorSum {
  readonly #memory: WordMemory;
  readonly #regions: readonly Region[];
  readonly #end: number;

  /**
   * @param kind - `plain` forces the twin without WebAssembly, for tests and measurements.
   * @complexity Memory: 4 bytes an entry up to 32 bits, 8 above, and two chunks.
   */
  constructor(vectors: readonly MaskedVector[], kind?: 'simd' | 'plain') {
    let offset = START;
    this.#regions = vectors.map((vector) => {
      const region = { vector, offset, wide: vector.bits > 32 };
      offset += Math.ceil((vector.length * (region.wide ? 8 : 4)) / 64) * 64;
      return region;
    });
    this.#end = offset;
    this.#memory = wordMemory(offset, kind);
  }

  /** Which implementation adds. */
  get kind(): 'simd' | 'plain' {
    return this.#memory.kind;
  }

  /** Adds `weight` times the values of vector `i`; they are checked integers within the vector's bound. */
  addValues(i: number, values: Int32Array | BigInt64Array, weight: number): void {
    const { offset, wide } = this.#regions[i];
    const { words } = this.#memory;
    const start = offset / 4;
    if (!wide && weight === 1 && values instanceof Int32Array) {
      this.#addWords(i, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return;
    }
    for (let j = 0; j < values.length; j++) {
      const value = Number(values[j]) * weight;
      if (!wide) {
        words[start + j] += value;
        continue;
      }
      const low = words[start + 2 * j] + (value >>> 0);
      words[start + 2 * j] = low;
      words[start + 2 * j + 1] += Math.floor(value / 0x100000000) + (low > 0xffffffff ? 1 : 0);
    }
  }

  /** Adds a packed vector, which {@link checkPacked} has accepted. */
  addPacked(i: number, packed: Uint8Array): void {
    const memory = this.#memory;
    this.#forRuns(i, ({ at, length, from, to, bits, wide }) => {
      memory.bytes.set(packed.subarray(from, to));
      if (wide) memory.addPacked64(at, 0, length, bits);
      else memory.addPacked32(at, 0, length, bits);
    });
  }

  /** Bytes of keystream that a mask of vector `i` takes. */
  maskBytes(i: number): number {
    const { vector, wide } = this.#regions[i];
    return vector.length * (wide ? 8 : 4);
  }

  /**
   * Adds or subtracts masks: of each keystream the words, one for each entry. All of them piece by piece, so that a piece of
   * the sum stays in cache.
   *
   * @param discard - Called with every piece that was added.
   */
  async addMasks(i: number, masks: readonly SignedKeystream[], discard?: CryptoProvider['discard']): Promise<void> {
    const { vector, offset, wide } = this.#regions[i];
    const wordBytes = wide ? 8 : 4;
    const end = vector.length * wordBytes;
    // Those of a sign together: they are added by twos.
    const ordered = [1, -1].flatMap((sign) => masks.filter((mask) => mask.sign === sign));
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, end - at);
      const pair = new PiecePairs(this.#memory, offset + at, bytes / wordBytes, wide, CHUNK_BYTES);
      const add = (piece: Uint8Array, sign: Sign): void => {
        pair.add(piece, sign);
        discard?.(piece);
      };
      const coming: Promise<void>[] = [];
      for (const { keystream, sign } of ordered) {
        const piece = keystream(bytes);
        if (piece instanceof Uint8Array) add(piece, sign);
        else coming.push(piece.then((bytes) => add(bytes, sign)));
      }
      if (coming.length > 0) await Promise.all(coming);
      pair.flush();
    }
  }

  /** Writes vector `i` modulo 2^bits, packed, into the bytes it takes on the wire. */
  pack(i: number, into: Uint8Array): void {
    const memory = this.#memory;
    this.#forRuns(i, ({ at, length, from, to, bits, wide }) => {
      if (wide) memory.pack64(0, at, length, bits);
      else memory.pack32(0, at, length, bits);
      into.set(memory.bytes.subarray(0, to - from), from);
    });
  }

  /** Vector `i` modulo 2^bits, centered: in [−2^(bits−1), 2^(bits−1)). Exact. */
  centered(i: number): Int32Array | Float64Array {
    const { vector, offset, wide } = this.#regions[i];
    const words = this.#memory.words.subarray(offset / 4);
    if (!wide) {
      const shift = 32 - vector.bits;
      const values = new Int32Array(vector.length);
      for (let j = 0; j < values.length; j++) values[j] = (words[j] << shift) >> shift;
      return values;
    }
    const shift = 64 - vector.bits;
    const values = new Float64Array(vector.length);
    for (let j = 0; j < values.length; j++) {
      values[j] = ((words[2 * j + 1] << shift) >> shift) * 0x100000000 + words[2 * j];
    }
    return values;
  }

  /** All words of all vectors, as a copy: what one worker hands to another. */
  save(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes.slice(START, this.#end) as Uint8Array<ArrayBuffer>;
  }

  /** Adds what {@link save} of the same vectors gave. */
  addSaved(saved: Uint8Array): void {
    if (saved.length !== this.#end - START) {
      refuse('SHAPE_MISMATCH', 'VectorSum.addSaved: bytes', `${this.#end - START} bytes`, saved.length);
    }
    this.#addAll(saved);
  }

  /** Adds another sum of the same vectors. */
  addSum(other: VectorSum): void {
    this.#addAll(other.#memory.bytes.subarray(START, other.#end));
  }

  #addAll(saved: Uint8Array): void {
    this.#regions.forEach(({ offset }, i) => this.#addWords(i, saved.subarray(offset - START)));
  }

  /** Adds to vector `i` the words that `from` begins with. */
  #addWords(i: number, from: Uint8Array): void {
    const { vector, offset, wide } = this.#regions[i];
    const wordBytes = wide ? 8 : 4;
    const end = vector.length * wordBytes;
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, end - at);
      this.#memory.bytes.set(from.subarray(at, at + bytes));
      this.#fold(offset + at, bytes / wordBytes, wide);
    }
  }

  /** Sets every word to zero. */
  erase(): void {
    this.#memory.bytes.fill(0);
  }

  /** Erases it and gives its memory to the next sum of this size; this one must not be used any more. */
  release(): void {
    releaseMemory(this.#memory, this.#end);
  }

  /** Vector `i` in runs of whole bytes that fit the scratch area. */
  #forRuns(i: number, visit: (run: PackedRun) => void): void {
    const { vector, offset, wide } = this.#regions[i];
    const { bits } = vector;
    const wordBytes = wide ? 8 : 4;
    const count = CHUNK_BYTES / wordBytes;
    for (let first = 0; first < vector.length; first += count) {
      const length = Math.min(count, vector.length - first);
      const from = packedBytes(first, bits);
      visit({ at: offset + first * wordBytes, length, from, to: from + packedBytes(length, bits), bits, wide });
    }
  }

  /** Adds the words at the beginning of memory. */
  #fold(target: number, count: number, wide: boolean): void {
    const memory = this.#memory;
    if (wide) memory.add64(target, 0, count);
    else memory.add32(target, 0, count);
  }
}
