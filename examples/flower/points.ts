import { type Examples, seededRng, softmaxRegression } from '@fedkit/core';

/** Which of two coordinates is greater: the layout is that of `app/points/model.py`. */
export const model = softmaxRegression({ inputs: 2, classes: 2 });

/** A device's own points. */
export function pointsOf(device: string, count: number): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(`points of ${device}`);
  const inputs = Float32Array.from({ length: 2 * count }, () => 8 * rng.uniform());
  return { inputs, labels: Uint8Array.from({ length: count }, (_, i) => (inputs[2 * i] < inputs[2 * i + 1] ? 1 : 0)) };
}
