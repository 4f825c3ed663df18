/**
 * Seeded randomness where production takes a secure source only.
 *
 * @module
 */
import { type SecureRng, seededRng } from '@fedkit/core';
import { admitForTesting } from '../randomness.ts';

/** A seeded source that clients accept. For tests: whoever knows the seed knows every secret. */
export function testingRng(seed: number | string | Uint8Array): SecureRng {
  return admitForTesting(seededRng(seed));
}
