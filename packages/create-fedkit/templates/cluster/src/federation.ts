// What every process agrees on. Change it, and start the server on a new folder.
import { type Examples, fedAvg, plainUpdates, seededRng, softmaxRegression } from '@fedkit/core';

export const model = softmaxRegression({ inputs: 2, classes: 2 });
export const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
/** All of a client's points at once: the model depends on no shuffle, and on no order of reports. */
export const local = { epochs: 20, batchSize: 'all', learningRate: 1 } as const;

/** Points above and below the diagonal: read a client's own examples here. */
export function examplesOf(id: string, count = 50): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(id);
  const inputs = Float32Array.from({ length: 2 * count }, () => rng.uniform());
  return { inputs, labels: Uint8Array.from({ length: count }, (_, i) => Number(inputs[2 * i] < inputs[2 * i + 1])) };
}
