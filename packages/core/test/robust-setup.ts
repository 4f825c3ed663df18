import type { Contribution } from '../src/aggregate/contract.ts';
import { seededRng } from '../src/random.ts';

/** Contribution `index` of clients whose values span many magnitudes and sum with rounding. */
export function contributionOf(size: number): (index: number) => Contribution {
  return (index) => {
    const rng = seededRng('contributions').fork(index);
    const values = Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * 2 ** (rng.below(24) - 12));
    return { client: `client ${(index * 7) % 16}`, values, weight: 1 + rng.below(100) };
  };
}

/** Finite updates of n clients named by position, folded by `rule` into one result. */
export function aggregate<A>(
  rule: {
    create(context?: { reference?: Float32Array }): A;
    accumulate(a: A, c: Contribution): A;
    finalize(a: A): Float32Array;
  },
  updates: readonly (readonly number[])[],
  { weights, reference }: { weights?: readonly number[]; reference?: readonly number[] } = {},
): number[] {
  const accumulator = rule.create(reference === undefined ? {} : { reference: Float32Array.from(reference) });
  updates.forEach((values, i) => {
    const client = `${i}`.padStart(4, '0');
    rule.accumulate(accumulator, { client, values: Float32Array.from(values), weight: weights?.[i] ?? 1 });
  });
  return [...rule.finalize(accumulator)];
}

/** The smallest and largest honest value at every coordinate. */
export function rangeOf(honest: readonly Float32Array[]): { low: Float32Array; high: Float32Array } {
  const low = honest[0].slice();
  const high = honest[0].slice();
  for (const values of honest) {
    for (let c = 0; c < values.length; c++) {
      low[c] = Math.min(low[c], values[c]);
      high[c] = Math.max(high[c], values[c]);
    }
  }
  return { low, high };
}

/** Throws unless every coordinate is within `slack` times the honest range's width of that range. */
export function ensureWithinRange(result: Float32Array, honest: readonly Float32Array[], slack = 0): void {
  const { low, high } = rangeOf(honest);
  result.forEach((value, c) => {
    const margin = slack * (high[c] - low[c]) * (1 + 1e-6);
    if (value < low[c] - margin || value > high[c] + margin) {
      throw new Error(`coordinate ${c}: ${value} outside [${low[c]}, ${high[c]}] by more than ${margin}`);
    }
  });
}

export function distance(x: Float32Array, y: Float32Array): number {
  return Math.sqrt(x.reduce((sum, value, c) => sum + (value - y[c]) ** 2, 0));
}

/** The largest distance between two of them. */
export function diameterOf(vectors: readonly Float32Array[]): number {
  return Math.max(...vectors.flatMap((x) => vectors.map((y) => distance(x, y))));
}

/** n random vectors of length d, a few of them far out. */
export function randomUpdates(seed: number | string, n: number, d: number): Float32Array[] {
  const rng = seededRng(seed);
  return Array.from({ length: n }, () => {
    const scale = 2 ** (rng.below(12) - 6);
    return Float32Array.from({ length: d }, () => {
      const draw = rng.below(16);
      // Repeated values and both zeros are where orders go wrong.
      if (draw === 0) return 0;
      if (draw === 1) return -0;
      if (draw === 2) return rng.below(3) - 1;
      return (rng.uniform() - 0.5) * scale;
    });
  });
}
