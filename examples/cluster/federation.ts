/**
 * What every process of the cluster, and every client, must agree on.
 *
 * @module
 */
import { type Examples, fedAvg, plainUpdates, seededRng, softmaxRegression } from '@fedkit/core';

export const model = softmaxRegression({ inputs: 2, classes: 2 });
export const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
/** All of a client's points at once: no shuffle, so that the model depends on nobody's luck. */
export const local = { epochs: 2, batchSize: 'all', learningRate: 0.5 } as const;

/** A client's own points: above the diagonal or below it. */
export function pointsOf(client: number): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(`client ${client}`);
  const inputs = Float32Array.from({ length: 2 * (4 + (client % 5)) }, () => rng.uniform());
  const labels = Uint8Array.from({ length: inputs.length / 2 }, (_, i) => Number(inputs[2 * i] < inputs[2 * i + 1]));
  return { inputs, labels };
}
