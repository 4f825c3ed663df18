// MNIST at 14 × 14 pixels: means over 2 × 2. A quarter of the work, where many runs are compared.
import type { Examples } from '@fedkit/core';

/** Pixels of a side. */
export const SIDE = 14;

/** The first `count` examples, pooled. */
export function pooled({ inputs, labels }: Examples, count: number): Examples {
  const small = new Float32Array(count * SIDE * SIDE);
  for (let row = 0; row < count; row++) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const at = row * 784 + 56 * y + 2 * x;
        small[(row * SIDE + y) * SIDE + x] = (inputs[at] + inputs[at + 1] + inputs[at + 28] + inputs[at + 29]) / 4;
      }
    }
  }
  return { inputs: small, labels: labels.slice(0, count) };
}
