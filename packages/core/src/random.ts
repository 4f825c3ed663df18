/**
 * Two kinds of randomness, which types keep apart: a secure stream from the platform's CSPRNG for whatever protects
 * someone, and a seeded stream for whatever must repeat.
 *
 * @module
 */
import { checkBytes, checkInteger, refuse } from './check.ts';
import { FedkitError } from './errors.ts';
import { plainSha256 } from './plain-sha256.ts';
import { utf8Encode } from './utf8.ts';

/** A stream of random bits. Every draw advances it. */
export interface Rng {
  /** The next 32 bits, an integer in [0, 2^32). */
  uint32(): number;
  /** Fills `bytes`, four at a time in little-endian order, and returns it. */
  fill<T extends Uint8Array>(bytes: T): T;
  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), by rejection: exactly unbiased. `bound` in [1, 2^32]; `OUT_OF_RANGE` otherwise. */
  below(bound: number): number;
}

declare const secure: unique symbol;

/** An {@link Rng} fed by the platform's CSPRNG. Only {@link secureRng} makes one, so a seeded stream does not compile here. */
export interface SecureRng extends Rng {
  readonly [secure]: true;
}

/** A reproducible {@link Rng} that can be split into independent streams. */
export interface SeededRng extends Rng {
  /**
   * An independent stream named by `labels`, a function of the seed and the labels alone: drawing from this stream
   * neither changes it nor is changed by it.
   */
  fork(...labels: (string | number)[]): SeededRng;
}

/**
 * Random bits from the platform's CSPRNG (`crypto.getRandomValues`), fetched 1 KiB at a time and erased once used.
 *
 * @throws FedkitError `UNSUPPORTED_PLATFORM` where the engine has no `crypto.getRandomValues`; on React Native import
 * a polyfill backed by the system's generator, such as `react-native-get-random-values`, before fedkit.
 */
export function secureRng(): SecureRng {
  return new SecureStream(platformSource()) as unknown as SecureRng;
}

/** `count` ≤ 65,536 bytes from the same source, without the stream. */
export function secureBytes(count: number): Uint8Array<ArrayBuffer> {
  return platformSource().getRandomValues(new Uint8Array(count));
}

function platformSource(): Crypto {
  const source = globalThis.crypto;
  if (typeof source?.getRandomValues !== 'function') {
    throw new FedkitError(
      'UNSUPPORTED_PLATFORM',
      'secureRng: expected crypto.getRandomValues, got none: load a polyfill by the system generator',
    );
  }
  return source;
}

/**
 * A stream that repeats: the same seed gives the same bits on every engine. Never for secrets: whoever sees outputs
 * can compute the rest.
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47(4),
 * 2021), on 32-bit integers only, its state the first 128 bits of SHA-256 over the labelled seed.
 *
 * @param seed - A safe integer ≥ 0, a string, or bytes; different kinds give different streams.
 */
export function seededRng(seed: number | string | Uint8Array): SeededRng {
  if (typeof seed === 'number')
    return new SeededStream(digest([0, utf8Encode(`${checkInteger('seededRng: seed', seed)}`)]));
  if (typeof seed === 'string') return new SeededStream(digest([1, utf8Encode(seed)]));
  if (seed instanceof Uint8Array) return new SeededStream(digest([2, checkBytes('seededRng: seed', seed)]));
  return refuse('INVALID_ARGUMENT', 'seededRng: seed', 'an integer ≥ 0, a string or bytes', seed);
}

/** Shuffles the first `count` places of `items` in place (Fisher-Yates): a uniform ordered sample without replacement. */
export function shuffle<T extends { length: number; [index: number]: unknown }>(items: T, rng: Rng, count?: number): T {
  const end = Math.min(count ?? items.length, items.length - 1);
  for (let i = 0; i < end; i++) {
    const j = i + rng.below(items.length - i);
    const held = items[i];
    items[i] = items[j];
    items[j] = held;
  }
  return items;
}

abstract class Stream implements Rng {
  abstract uint32(): number;

  fill<T extends Uint8Array>(bytes: T): T {
    for (let i = 0; i < bytes.length; i += 4) {
      let word = this.uint32();
      for (let j = i; j < i + 4 && j < bytes.length; j++, word >>>= 8) bytes[j] = word & 0xff;
    }
    return bytes;
  }

  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  below(bound: number): number {
    checkInteger('rng.below: bound', bound, 1, 0x100000000);
    const limit = 0x100000000 - (0x100000000 % bound);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % bound;
  }
}

class SecureStream extends Stream {
  readonly #source: Crypto;
  readonly #words = new Uint32Array(256);
  #next = 256;

  constructor(source: Crypto) {
    super();
    this.#source = source;
  }

  uint32(): number {
    if (this.#next === this.#words.length) {
      this.#source.getRandomValues(this.#words);
      this.#next = 0;
    }
    const word = this.#words[this.#next];
    this.#words[this.#next++] = 0;
    return word;
  }

  override fill<T extends Uint8Array>(bytes: T): T {
    // getRandomValues refuses more than 65,536 bytes at once.
    for (let i = 0; i < bytes.length; i += 65536) {
      this.#source.getRandomValues(bytes.subarray(i, i + 65536) as Uint8Array<ArrayBuffer>);
    }
    return bytes;
  }
}

class SeededStream extends Stream implements SeededRng {
  readonly #seed: Uint8Array;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: Uint8Array) {
    super();
    this.#seed = seed;
    const view = new DataView(seed.buffer, seed.byteOffset);
    this.#a = view.getInt32(0, true);
    this.#b = view.getInt32(4, true);
    this.#c = view.getInt32(8, true);
    this.#d = view.getInt32(12, true);
    // The all-zero state is the one fixed point of xoshiro; no seed of practical length reaches it.
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
  }

  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled;
  }

  fork(...labels: (string | number)[]): SeededRng {
    const parts: [number, Uint8Array][] = labels.map((label) =>
      typeof label === 'number' ? [0, utf8Encode(`${checkInteger('rng.fork: label', label)}`)] : [1, utf8Encode(label)],
    );
    return new SeededStream(digest([3, this.#seed], ...parts));
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** SHA-256 over parts, each tagged with its kind and length so that no two lists of parts share an encoding. */
function digest(...parts: [kind: number, bytes: Uint8Array][]): Uint8Array {
  return plainSha256(
    ...parts.flatMap(([kind, bytes]) => [
      Uint8Array.of(kind, bytes.length, bytes.length >>> 8, bytes.length >>> 16, bytes.length >>> 24),
      bytes,
    ]),
  );
}
