/**
 * A client's input, checked against the round before it is masked.
 *
 * @module
 */
import { checkInteger, refuse } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { VectorSum } from '../sum/vector-sum.ts';

/** Integer vectors by name. */
export type InputVectors = Readonly<Record<string, Int32Array | BigInt64Array>>;

/** Copies of the vectors in the round's order, and the weight. */
export interface ClientInput {
  readonly vectors: readonly (Int32Array | BigInt64Array)[];
  readonly weight: number;
}

/**
 * Checks names, lengths, and every entry against its bound.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for missing, unknown or wrongly sized vectors; `OUT_OF_RANGE` for an entry beyond
 * its bound or a weight outside [1, maximumWeight], naming the place and not the value.
 */
export function checkInput(config: RoundConfig, vectors: InputVectors, weight: number): ClientInput {
  if (typeof vectors !== 'object' || vectors === null) {
    refuse('INVALID_ARGUMENT', 'setInput: vectors', 'vectors by name', vectors);
  }
  checkInteger('setInput: weight', weight, 1, config.maximumWeight);
  const unknown = Object.keys(vectors).find((name) => config.vectors.every((spec) => spec.name !== name));
  if (unknown !== undefined) refuse('SHAPE_MISMATCH', 'setInput', 'vectors of the round', unknown);
  return {
    weight,
    vectors: config.vectors.map(({ name, length, bound }) => {
      const where = `setInput: ${name}`;
      if (!Object.hasOwn(vectors, name)) refuse('SHAPE_MISMATCH', where, 'a vector', undefined);
      const values = vectors[name];
      if (!(values instanceof Int32Array) && !(values instanceof BigInt64Array)) {
        refuse('INVALID_ARGUMENT', where, 'an Int32Array or BigInt64Array', values);
      }
      if (values.length !== length) refuse('SHAPE_MISMATCH', where, `${length} entries`, values.length);
      const beyond = findBeyond(values, bound);
      if (beyond >= 0) refuse('OUT_OF_RANGE', where, `entries in [−${bound}, ${bound}]`, `a larger one at ${beyond}`);
      return values.slice();
    }),
  };
}

/** Adds the weighted input, and the weight where the round sums it. */
export function addInput(config: RoundConfig, input: ClientInput, sum: VectorSum): void {
  input.vectors.forEach((values, i) => sum.addValues(i, values, input.weight));
  if (config.maximumWeight > 1) sum.addValues(input.vectors.length, BigInt64Array.of(BigInt(input.weight)), 1);
}

/** Overwrites the copies and frees them. */
export function eraseInput(provider: CryptoProvider, input: ClientInput): void {
  for (const { buffer } of input.vectors) {
    const bytes = new Uint8Array(buffer);
    bytes.fill(0);
    provider.discard?.(bytes);
  }
}

function findBeyond(values: Int32Array | BigInt64Array, bound: number): number {
  if (values instanceof Int32Array) {
    for (let i = 0; i < values.length; i++) if (values[i] > bound || values[i] < -bound) return i;
    return -1;
  }
  const limit = BigInt(bound);
  return values.findIndex((value) => value > limit || value < -limit);
}
