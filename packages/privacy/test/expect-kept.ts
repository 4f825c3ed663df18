import { expect } from 'vitest';
import type { IntegerSampler } from '../src/sampler/integer-sampler.ts';
import { insecureFixedWords, wordsOf } from './insecure-rng.ts';

/**
 * A table sampler keeps `offset` of its first block with the probability `keep` · 2^−96 to the last bit: the uniform numbers just
 * below and just above it decide differently.
 */
export function expectKept(
  sampler: IntegerSampler,
  { width, offset, keep }: { width: number; offset: number; keep: bigint },
): void {
  const shift = Math.floor(Math.log2(width)) - 4;
  const place = (offset << (32 - shift)) >>> 0;
  // Block 0, then the place in it, then 96 bits that decide; a refusal goes on with zeros, whose outcome is 0.
  const draw = (uniform: bigint) => sampler.sample(insecureFixedWords([0, place, ...wordsOf(uniform)]));
  expect(draw(keep - 1n)).toBe(offset);
  expect(draw(keep + 1n)).toBe(0);
}
