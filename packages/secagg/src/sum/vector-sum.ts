/**
 * The running sum of a round's vectors in one memory: inputs, masks and packed uploads are folded in place.
 *
 * Arithmetic wraps modulo 2^32 or 2^64, of which every ring here is a quotient; the ring's own bits are cut off once,
 * when a vector is packed or read.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { Keystream } from '../crypto/provider.ts';
import type { MaskedVector } from '../key-derivation.ts';
import { type WordMemory, wordMemory } from '../kernels/words.ts';
import { packWords, packedBytes } from './pack.ts';

/**
 * Keystream is added in pieces of this many bytes: large enough that a call is worth it, small enough that allocators
 * serve the engine's output from memory they hold instead of fresh pages, and that it stays in a core's own cache.
 */
export const CHUNK_BYTES = 131_072;

/** +1 to add a mask, −1 to subtract it. */
export type Sign = 1 | -1;

interface Region {
  readonly vector: MaskedVector;
  readonly offset: number;
  readonly wide: boolean;
}

/** Sums of named vectors. */
export class VectorSum {
  readonly #memory: WordMemory;
  readonly #regions: readonly Region[];
  readonly #end: number;

  /**
   * @param kind - `plain` forces the twin without WebAssembly, for tests and measurements.
   * @complexity Memory: 4 bytes an entry up to 32 bits, 8 above, and one chunk.
   */
  constructor(vectors: readonly MaskedVector[], kind?: 'simd' | 'plain') {
    let offset = CHUNK_BYTES;
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
      for (let j = 0; j < values.length; j++) words[start + j] = (words[start + j] + values[j]) | 0;
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
    const { vector, offset, wide } = this.#regions[i];
    const wordBytes = wide ? 8 : 4;
    const count = CHUNK_BYTES / wordBytes;
    const memory = this.#memory;
    for (let from = 0; from < vector.length; from += count) {
      const length = Math.min(count, vector.length - from);
      const start = packedBytes(from, vector.bits);
      memory.bytes.set(packed.subarray(start, start + packedBytes(length, vector.bits)));
      if (wide) memory.addPacked64(offset + from * wordBytes, 0, length, vector.bits);
      else memory.addPacked32(offset + from * wordBytes, 0, length, vector.bits);
    }
  }

  /** Bytes of keystream that a mask of vector `i` takes. */
  maskBytes(i: number): number {
    const { vector, wide } = this.#regions[i];
    return vector.length * (wide ? 8 : 4);
  }

  /** Adds or subtracts a mask: the keystream's words, one for each entry. */
  async addMask(i: number, keystream: Keystream, sign: Sign): Promise<void> {
    const { vector, offset, wide } = this.#regions[i];
    const wordBytes = wide ? 8 : 4;
    const end = vector.length * wordBytes;
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, end - at);
      const chunk = keystream(bytes);
      this.#memory.bytes.set(chunk instanceof Uint8Array ? chunk : await chunk);
      this.#fold(offset + at, bytes / wordBytes, wide, sign);
    }
  }

  /** Vector `i` modulo 2^bits on the wire. */
  pack(i: number): Uint8Array<ArrayBuffer> {
    const { vector, offset } = this.#regions[i];
    return packWords(this.#memory.words.subarray(offset / 4), vector.length, vector.bits);
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
    return this.#memory.bytes.slice(CHUNK_BYTES, this.#end) as Uint8Array<ArrayBuffer>;
  }

  /** Adds what {@link save} of the same vectors gave. */
  addSaved(saved: Uint8Array): void {
    if (saved.length !== this.#end - CHUNK_BYTES) {
      refuse('SHAPE_MISMATCH', 'VectorSum.addSaved: bytes', `${this.#end - CHUNK_BYTES} bytes`, saved.length);
    }
    this.#addWords(saved);
  }

  /** Adds another sum of the same vectors. */
  addSum(other: VectorSum): void {
    this.#addWords(other.#memory.bytes.subarray(CHUNK_BYTES, other.#end));
  }

  #addWords(saved: Uint8Array): void {
    for (const { vector, offset, wide } of this.#regions) {
      const wordBytes = wide ? 8 : 4;
      const end = vector.length * wordBytes;
      for (let at = 0; at < end; at += CHUNK_BYTES) {
        const bytes = Math.min(CHUNK_BYTES, end - at);
        const from = offset - CHUNK_BYTES + at;
        this.#memory.bytes.set(saved.subarray(from, from + bytes));
        this.#fold(offset + at, bytes / wordBytes, wide, 1);
      }
    }
  }

  /** Sets every word to zero. */
  erase(): void {
    this.#memory.bytes.fill(0);
  }

  #fold(target: number, count: number, wide: boolean, sign: Sign): void {
    const memory = this.#memory;
    if (wide) {
      if (sign === 1) memory.add64(target, 0, count);
      else memory.subtract64(target, 0, count);
    } else if (sign === 1) memory.add32(target, 0, count);
    else memory.subtract32(target, 0, count);
  }
}
