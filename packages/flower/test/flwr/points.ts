import { type Examples, seededRng } from '@fedkit/core';

/** A few points, more in each partition than in the one before, and which coordinate is greater. */
export function pointsOf(partition: number): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(`points ${partition}`);
  const inputs = Float32Array.from({ length: 8 + 2 * partition }, () => 8 * rng.uniform());
  const labels = Uint8Array.from({ length: 4 + partition }, (_, i) => (inputs[2 * i] < inputs[2 * i + 1] ? 1 : 0));
  return { inputs, labels };
}
