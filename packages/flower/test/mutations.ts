import { isFedkitError, seededRng } from '@fedkit/core';
import { expect } from 'vitest';

/**
 * Decodes `count` mutations of `seeds`: bits flipped, bytes cut out, put in, copied. Whatever comes of one is a value or a
 * `FedkitError`.
 *
 * @returns How many were refused: a test that sees none of them refused, or all, tests nothing.
 */
export function refusedMutations(
  seeds: readonly Uint8Array[],
  count: number,
  decode: (bytes: Uint8Array) => unknown,
): number {
  const rng = seededRng('flower mutations');
  let refused = 0;
  for (let i = 0; i < count; i++) {
    let bytes = [...seeds[i % seeds.length]];
    for (let step = rng.below(4); step >= 0; step--) {
      const at = rng.below(bytes.length + 1);
      const kind = rng.below(5);
      if (kind === 0 && at < bytes.length) bytes[at] ^= 1 << rng.below(8);
      else if (kind === 1) bytes = bytes.slice(0, at);
      else if (kind === 2) bytes.splice(at, 1 + rng.below(8));
      else if (kind === 3) bytes.splice(at, 0, rng.below(256));
      else bytes.splice(at, 0, ...bytes.slice(rng.below(bytes.length + 1)).slice(0, 16));
    }
    try {
      decode(Uint8Array.from(bytes));
    } catch (error) {
      if (!isFedkitError(error, 'DECODE_FAILED') && !isFedkitError(error, 'SHAPE_MISMATCH')) {
        expect.fail(`mutation ${i} of length ${bytes.length} throws ${String(error)}`);
      }
      refused++;
    }
  }
  return refused;
}
