// Seeded normal values.
import { seededRng } from '@fedkit/core';

export function normalValues(size: number, seed: string): Float32Array {
  const rng = seededRng(seed);
  return Float32Array.from(
    { length: size },
    () => Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform()),
  );
}
