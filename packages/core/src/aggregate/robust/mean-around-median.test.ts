import { afterEach, describe, expect, it, vi } from 'vitest';
import { aggregate, contributionOf, ensureWithinRange } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { seededRng } from '../../random.ts';
import { meanClosestToMedian } from './closest-to-median.ts';
import { meanAroundMedian } from './mean-around-median.ts';

const SIZE = 37;
const F = 5;

afterEach(() => void vi.unstubAllGlobals());

/** The definition, value by value: sort by distance from the median, then by client. */
function naive(column: readonly number[], keep: number): number {
  const sorted = [...column].sort((a, b) => a - b);
  const median = (sorted[(column.length - 1) >> 1] + sorted[column.length >> 1]) / 2;
  const kept = column
    .map((value, i) => ({ value, i, far: Math.abs(value - median) }))
    .sort((a, b) => a.far - b.far || a.i - b.i)
    .slice(0, keep)
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  return Math.fround(kept.reduce((sum, value) => sum + value, 0) / keep);
}

describe('meanAroundMedian', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: meanAroundMedian(SIZE, { byzantine: F }),
      contribution: contributionOf(SIZE),
      minimum: 2 * F + 1,
      byzantine: F,
      ensureBound: (result, honest) => ensureWithinRange(result, honest, 1),
    }),
  );

  it('keeps the n − f closest; of two equally far the smaller client id', () => {
    expect(aggregate(meanAroundMedian(1, { byzantine: 1 }), [[1], [4], [7]])).toEqual([2.5]);
    expect(aggregate(meanAroundMedian(1, { byzantine: 1 }), [[7], [4], [1]])).toEqual([5.5]);
  });

  it('is its definition on columns full of ties, with and without WebAssembly', () => {
    const rng = seededRng('ties');
    for (let trial = 0; trial < 60; trial++) {
      const n = 1 + rng.below(12);
      const keep = 1 + rng.below(n);
      const d = 40;
      const updates = Array.from({ length: n }, () =>
        Float32Array.from({ length: d }, () => (rng.below(4) === 0 ? rng.uniform() : rng.below(7) - 3)),
      );
      const expected = Array.from({ length: d }, (_, c) =>
        naive(
          updates.map((values) => values[c]),
          keep,
        ),
      );
      vi.unstubAllGlobals();
      const fast = meanClosestToMedian(updates, keep);
      fast.forEach((value, c) => expect(value).toBeCloseTo(expected[c], 12));
      vi.stubGlobal('WebAssembly', undefined);
      expect(meanClosestToMedian(updates, keep)).toEqual(fast);
    }
  });

  it('takes the values closest to a reference that Flower takes (bulyan_test.py, n closest)', () => {
    // test_single_layer_single_value: 1, 2, 0.5 around 1, keeping 2; test_beta_equals_one keeps the nearest of three.
    expect(meanClosestToMedian([Float32Array.of(1), Float32Array.of(2), Float32Array.of(0.5)], 2)[0]).toBe(0.75);
  });

  it('needs 2f + 1 updates', () => {
    expect(() => aggregate(meanAroundMedian(1, { byzantine: 1 }), [[1], [2]])).toThrowError(
      'meanAroundMedian.finalize: expected at least 2·byzantine + 1 = 3 finite updates, got 2',
    );
  });
});
