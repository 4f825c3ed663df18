/** Seeded mutations of valid messages, and what a decoder may do with them. */
import { isFedkitError, seededRng, type SeededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { contextOf, normals } from './support.ts';

/** Sizes of the valid messages that are mutated: small, so that a mutation often hits structure. */
const SIZES = [1, 16, 33, 90];

export interface FuzzResult {
  readonly accepted: number;
  readonly refused: number;
}

/** Throws on whatever is neither a finite vector of the expected size nor a `DECODE_FAILED`. */
export function fuzz(codec: Codec, mutations: number, seed: string): FuzzResult {
  const rng = seededRng(seed);
  const context = contextOf('fuzz');
  const originals = SIZES.map((size) => ({ size, bytes: codec.encode(normals(size, rng.fork(size)), context) }));
  let [accepted, refused] = [0, 0];
  for (let i = 0; i < mutations; i++) {
    const { size, bytes } = originals[rng.below(originals.length)];
    const mutated = mutate(bytes, originals[rng.below(originals.length)].bytes, rng);
    try {
      const values = codec.decode(mutated, { ...context, expectedSize: size });
      if (values.length !== size || !values.every(Number.isFinite)) throw new Error(`values ${values.join(' ')}`);
      accepted++;
    } catch (error) {
      if (!isFedkitError(error, 'DECODE_FAILED')) {
        throw new Error(`${codec.kind}: mutation ${i}: ${Array.from(mutated).join(',')}`, { cause: error });
      }
      refused++;
    }
  }
  return { accepted, refused };
}

/** One to four of: flip a bit, set a byte, remove, insert or repeat some, splice with another message. */
export function mutate(bytes: Uint8Array, other: Uint8Array, rng: SeededRng): Uint8Array {
  let result = Array.from(bytes);
  for (let left = 1 + rng.below(4); left > 0; left--) {
    // Half of the mutations aim at the first bytes, where sizes and parameters stand.
    const reach = rng.below(2) === 0 ? Math.min(result.length, 24) : result.length;
    const at = rng.below(Math.max(1, reach));
    const count = 1 + rng.below(4);
    switch (rng.below(7)) {
      case 0:
        result[at] ^= 1 << rng.below(8);
        break;
      case 1:
        result[at] = [0, 1, 127, 128, 255][rng.below(5)];
        break;
      case 2:
        result[at] = rng.below(256);
        break;
      case 3:
        result.splice(at, count);
        break;
      case 4:
        result.splice(at, 0, ...Array.from({ length: count }, () => rng.below(256)));
        break;
      case 5:
        result.splice(at, 0, ...result.slice(at, at + count));
        break;
      default:
        result = [...result.slice(0, at), ...Array.from(other.subarray(rng.below(other.length)))];
    }
  }
  return Uint8Array.from(result);
}
