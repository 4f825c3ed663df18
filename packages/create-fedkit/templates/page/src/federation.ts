// What server and tabs agree on, to the last option.
import { rotated, wrapped } from '@fedkit/compression';
import { type Examples, fedAvg, secureSum, seededRng, softmaxRegression } from '@fedkit/core';
import { secureAggregation } from '@fedkit/secagg';

/** No sum of fewer updates is ever opened. */
export const LEAST = 3;
export const model = softmaxRegression({ inputs: 2, classes: 2 });
// All examples at once: what is learned does not hang on the order of batches.
export const local = { epochs: 40, batchSize: 'all', learningRate: 2 } as const;

/** @param sealingKey - 32 secret bytes of this party's own. */
export function pipelineOf(sealingKey: Uint8Array) {
  return secureSum({
    algorithm: fedAvg(),
    layout: model.layout,
    codec: rotated(wrapped({ bits: 24, spread: 8 })), // expected root mean square of the sum
    wrapProbability: 1e-6,
    maximumWeight: 100, // examples of one tab; more count as 100
    minimumContributors: LEAST,
    // One in ten may be in league with the server, one in five may vanish.
    aggregation: secureAggregation({ corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey }),
  });
}

/** Points above and below the diagonal: put your users' own examples here. */
export function examplesOf(id: string, count = 50): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(id);
  const inputs = Float32Array.from({ length: 2 * count }, () => rng.uniform());
  return { inputs, labels: Uint8Array.from({ length: count }, (_, i) => Number(inputs[2 * i] < inputs[2 * i + 1])) };
}

/** A tab's name is made of its token, so that nobody else can take it. */
export async function nameOf(token: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))).slice(0, 16);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
