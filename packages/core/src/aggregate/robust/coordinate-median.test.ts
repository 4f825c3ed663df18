import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aggregate, contributionOf, ensureWithinRange, randomUpdates } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { coordinateMedian, medianOf } from './coordinate-median.ts';

const SIZE = 37;

afterEach(() => void vi.unstubAllGlobals());

describe('coordinateMedian', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: coordinateMedian(SIZE),
      contribution: contributionOf(SIZE),
      byzantine: 7,
      ensureBound: ensureWithinRange,
    }),
  );

  it('is the middle value, or the mean of the two', () => {
    expect(aggregate(coordinateMedian(1), [[5]])).toEqual([5]);
    expect(
      aggregate(coordinateMedian(2), [
        [1, 9],
        [3, -2],
        [2, 4],
      ]),
    ).toEqual([2, 4]);
    expect(
      aggregate(coordinateMedian(2), [
        [1, 9],
        [3, -2],
        [2, 4],
        [8, 5],
      ]),
    ).toEqual([2.5, 4.5]);
  });

  it('does not overflow where the two middle values add up beyond float32', () => {
    expect(aggregate(coordinateMedian(1), [[3e38], [3.2e38]])).toEqual([Math.fround(3.1e38)]);
  });

  it('has the same bits without WebAssembly, and no negative zero', () => {
    for (const n of [1, 2, 9, 40]) {
      const updates = randomUpdates(n, n, 3000);
      updates.forEach((values) => values.fill(-0, 0, 3));
      vi.unstubAllGlobals();
      const fast = medianOf(updates);
      vi.stubGlobal('WebAssembly', undefined);
      expect(medianOf(updates)).toEqual(fast);
      expect(Object.is(fast[0], 0)).toBe(true);
    }
  });

  it('commutes with shifts and monotone maps of odd numbers of updates', () => {
    const updates = fc.array(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(updates, fc.integer({ min: -1000, max: 1000 }), (rows, shift) => {
        const odd = rows.length % 2 === 1 ? rows : rows.slice(1);
        if (odd.length === 0) return;
        const median = aggregate(coordinateMedian(3), odd);
        expect(
          aggregate(
            coordinateMedian(3),
            odd.map((row) => row.map((value) => (value + shift) * 8)),
          ),
        ).toEqual(median.map((value) => (value + shift) * 8));
      }),
      { numRuns: 100 },
    );
  });
});
