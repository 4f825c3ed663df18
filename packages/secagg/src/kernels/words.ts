/**
 * One memory of 32-bit and 64-bit words with addition and subtraction in place: SIMD WebAssembly, or plain JavaScript
 * with the same bits.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { instantiateKernels } from '@fedkit/core/kernels';
import { packWords, packedBytes, unpackWords } from '../sum/pack.ts';
import { wasmHex } from './module.wasm.ts';

/** Offsets are in bytes, multiples of 16; counts in words. Sums wrap modulo 2^32 or 2^64. */
export interface WordMemory {
  readonly kind: 'simd' | 'plain';
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  add32(target: number, source: number, count: number): void;
  subtract32(target: number, source: number, count: number): void;
  /** Both of two sources. */
  addTwo32(target: number, first: number, second: number, count: number): void;
  subtractTwo32(target: number, first: number, second: number, count: number): void;
  add64(target: number, source: number, count: number): void;
  subtract64(target: number, source: number, count: number): void;
  /**
   * Adds `count` values of `bits` bits, packed from `source` on; 32-bit words for at most 32 bits, else 64-bit ones. The
   * memory reaches at least fifteen bytes beyond the last.
   */
  addPacked32(target: number, source: number, count: number, bits: number): void;
  addPacked64(target: number, source: number, count: number, bits: number): void;
  /** Packs the low `bits` bits of `count` words to `target`; zeros may fill the last four bytes there. */
  pack32(target: number, source: number, count: number, bits: number): void;
  pack64(target: number, source: number, count: number, bits: number): void;
}

type Kernels = Omit<WordMemory, 'kind' | 'bytes' | 'words'>;

// The last memory that was given back: engines take as long to map a new one as to add several masks.
let spare: { readonly memory: WordMemory; readonly bytes: number } | undefined;

/** Gives a memory of `bytes` back, erased, for the next of its size. Nobody may use it any more; at most one is kept. */
export function releaseMemory(memory: WordMemory, bytes: number): void {
  memory.bytes.fill(0);
  spare = { memory, bytes };
}

/**
 * A zeroed memory.
 *
 * @throws FedkitError `UNSUPPORTED_PLATFORM` on a big-endian host: words and keystream bytes share one memory.
 */
export function wordMemory(bytes: number, kind: 'simd' | 'plain' = 'simd'): WordMemory {
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new FedkitError('UNSUPPORTED_PLATFORM', 'secagg: expected a little-endian engine, got a big-endian one');
  }
  if (spare?.bytes === bytes && spare.memory.kind === kind) {
    const { memory } = spare;
    spare = undefined;
    return memory;
  }
  const instance = kind === 'simd' ? instantiateKernels<Kernels>(wasmHex, bytes) : undefined;
  if (instance === undefined) return plainMemory(new ArrayBuffer(Math.ceil(bytes / 16) * 16));
  const { exports, memory } = instance;
  return {
    kind: 'simd',
    bytes: new Uint8Array(memory.buffer),
    words: new Uint32Array(memory.buffer),
    add32: exports.add32,
    subtract32: exports.subtract32,
    addTwo32: exports.addTwo32,
    subtractTwo32: exports.subtractTwo32,
    add64: exports.add64,
    subtract64: exports.subtract64,
    addPacked32: exports.addPacked32,
    addPacked64: exports.addPacked64,
    pack32: exports.pack32,
    pack64: exports.pack64,
  };
}

function plainMemory(buffer: ArrayBuffer): WordMemory {
  const words = new Uint32Array(buffer);
  const bytes = new Uint8Array(buffer);
  const pack: WordMemory['pack32'] = (target, source, count, bits) =>
    bytes.set(packWords(words.subarray(source / 4), count, bits), target);
  return {
    kind: 'plain',
    bytes,
    words,
    add32(target, source, count) {
      const from = source / 4 - target / 4;
      for (let i = target / 4; i < target / 4 + count; i++) words[i] += words[i + from];
    },
    subtract32(target, source, count) {
      const from = source / 4 - target / 4;
      for (let i = target / 4; i < target / 4 + count; i++) words[i] -= words[i + from];
    },
    addTwo32(target, first, second, count) {
      const [from, beside] = [first / 4 - target / 4, second / 4 - target / 4];
      for (let i = target / 4; i < target / 4 + count; i++) words[i] += words[i + from] + words[i + beside];
    },
    subtractTwo32(target, first, second, count) {
      const [from, beside] = [first / 4 - target / 4, second / 4 - target / 4];
      for (let i = target / 4; i < target / 4 + count; i++) words[i] -= words[i + from] + words[i + beside];
    },
    add64(target, source, count) {
      const from = source / 4 - target / 4;
      for (let i = target / 4; i < target / 4 + 2 * count; i += 2) {
        const low = words[i] + words[i + from];
        words[i] = low;
        words[i + 1] += words[i + 1 + from] + (low > 0xffffffff ? 1 : 0);
      }
    },
    subtract64(target, source, count) {
      const from = source / 4 - target / 4;
      for (let i = target / 4; i < target / 4 + 2 * count; i += 2) {
        const low = words[i] - words[i + from];
        words[i] = low;
        words[i + 1] -= words[i + 1 + from] + (low < 0 ? 1 : 0);
      }
    },
    addPacked32(target, source, count, bits) {
      const values = new Uint32Array(count);
      unpackWords(bytes.subarray(source, source + packedBytes(count, bits)), count, bits, values);
      for (let i = 0; i < count; i++) words[target / 4 + i] += values[i];
    },
    addPacked64(target, source, count, bits) {
      const values = new Uint32Array(2 * count);
      unpackWords(bytes.subarray(source, source + packedBytes(count, bits)), count, bits, values);
      for (let i = 0; i < 2 * count; i += 2) {
        const low = words[target / 4 + i] + values[i];
        words[target / 4 + i] = low;
        words[target / 4 + i + 1] += values[i + 1] + (low > 0xffffffff ? 1 : 0);
      }
    },
    pack32: pack,
    pack64: pack,
  };
}
