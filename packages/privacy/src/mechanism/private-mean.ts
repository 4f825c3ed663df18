/**
 * A central mechanism in the place of an aggregator: `fedAvg({ aggregate: () => privateMean(mechanism, rng) })` is DP-FedAvg of
 * McMahan, Ramage, Talwar and Zhang, "Learning Differentially Private Recurrent Language Models", ICLR 2018, algorithm 1.
 *
 * @module
 */
import { FedkitError, type LinearAggregator, type SecureRng } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import type { CentralGaussian } from './gaussian.ts';
import type { PrivateSum } from './private-sum.ts';

/** A sum, and once it was finalized the one result it will ever have. */
export interface PrivateAccumulator {
  readonly sum: PrivateSum;
  released: Float32Array | undefined;
}

/**
 * An aggregator whose `finalize` releases: Σ min(w, maxWeight) · clip(Δ) plus noise, over `expectedWeight`. Charge the mechanism's
 * event before: `ledger.release({ event: mechanism.event }, () => aggregator.finalize(accumulator))`.
 *
 * It differs from other aggregators where privacy asks for it: `finalize` draws its noise once and gives the same result ever
 * after, the accumulator takes nothing more then, and finalizing an empty one is allowed, for who took part is a secret.
 * A non-finite update counts as zero instead of being refused.
 */
export function privateMean(
  mechanism: CentralGaussian<unknown>,
  rng: SecureRng,
): LinearAggregator<PrivateAccumulator, Float32Array> {
  return {
    kind: 'private-mean',
    linearity: 'linear',
    memory: 'O(d)',
    create: () => ({ sum: mechanism.createSum(), released: undefined }),
    accumulate(accumulator, { values, weight }) {
      mechanism.accumulate(accumulator.sum, values, weight);
      return accumulator;
    },
    retract(accumulator, { values, weight }) {
      mechanism.retract(accumulator.sum, values, weight);
      return accumulator;
    },
    checkMerge: (into, from) => mechanism.checkMerge(into.sum, from.sum),
    merge(into, from) {
      mechanism.merge(into.sum, copyOf(from.sum));
      return into;
    },
    finalize(accumulator) {
      accumulator.released ??= mechanism.release(accumulator.sum, rng).values;
      return accumulator.released.slice();
    },
    serialize: ({ sum }) => {
      if (sum.released)
        refuse('PROTOCOL_STATE', 'privateMean.serialize', 'a sum that was not released', 'one that was');
      return encodeSum(sum);
    },
    deserialize: (bytes) => ({ sum: decodeSum(bytes, mechanism.createSum()), released: undefined }),
    dispose({ sum }) {
      sum.released = true;
      sum.values.fill(0);
    },
  };
}

function copyOf(sum: PrivateSum): PrivateSum {
  return { ...sum, values: sum.values.slice() };
}

// magic "FKPS", version 1, then contributions, clipped, quarantined and size as uint32, then d float64; little-endian.
const magic = 0x53504b46;
const version = 1;
const header = 24;

function encodeSum(sum: PrivateSum): Uint8Array {
  const view = new DataView(new ArrayBuffer(header + 8 * sum.values.length));
  [magic, version, sum.contributions, sum.clipped, sum.quarantined, sum.values.length].forEach((field, i) =>
    view.setUint32(4 * i, field, true),
  );
  sum.values.forEach((value, i) => view.setFloat64(header + 8 * i, value, true));
  return new Uint8Array(view.buffer);
}

function decodeSum(bytes: Uint8Array, into: PrivateSum): PrivateSum {
  const where = 'privateMean.deserialize';
  const fail = (expected: string): never => {
    throw new FedkitError('DECODE_FAILED', `${where}: expected ${expected}, got something else`);
  };
  if (!(bytes instanceof Uint8Array) || bytes.length !== header + 8 * into.values.length) {
    fail(`${header + 8 * into.values.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, second, contributions, clipped, quarantined, size] = [0, 1, 2, 3, 4, 5].map((i) =>
    view.getUint32(4 * i, true),
  );
  if (first !== magic || second !== version || size !== into.values.length)
    fail('a private sum of version 1 and this size');
  if (clipped + quarantined > contributions) fail('counts that agree');
  for (let i = 0; i < size; i++) {
    const value = view.getFloat64(header + 8 * i, true);
    if (!Number.isSafeInteger(value)) fail('integers');
    into.values[i] = value;
  }
  return Object.assign(into, { contributions, clipped, quarantined });
}
