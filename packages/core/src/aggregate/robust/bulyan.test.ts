import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, ensureWithinRange, randomUpdates } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { bulyan } from './bulyan.ts';
import { squaredDistances } from './distances.ts';
import { chooseWithRemoval } from './krum-scores.ts';

const SIZE = 31;
const F = 2;

describe('bulyan', () => {
  for (const removal of [true, false]) {
    describe(removal ? 'with removal' : 'without removal', () => {
      checkLaws(
        it,
        robustAggregatorLaws({
          aggregator: bulyan(SIZE, { byzantine: F, removal }),
          contribution: contributionOf(SIZE),
          minimum: 4 * F + 3,
          byzantine: F,
          ensureBound: (result, honest) => ensureWithinRange(result, honest, 1),
        }),
      );
    });
  }

  it('chooses one by one among those left, by scores over those left', () => {
    // One dimension, f = 1. Among all seven, 3 nearest of four decide; once the middle is gone its neighbours look worse.
    const updates = [0, 1, 2.1, 3.3, 4.6, 6, 7.5].map((value) => Float32Array.of(value));
    const naive = (left: number[]): number => {
      const scores = left.map((i) =>
        left
          .filter((j) => j !== i)
          .map((j) => (updates[i][0] - updates[j][0]) ** 2)
          .sort((a, b) => a - b)
          .slice(0, Math.max(1, left.length - 3))
          .reduce((sum, value) => sum + value, 0),
      );
      return left[scores.indexOf(Math.min(...scores))];
    };
    const expected: number[] = [];
    let left = [0, 1, 2, 3, 4, 5, 6];
    while (expected.length < 5) {
      const chosen = naive(left);
      expected.push(chosen);
      left = left.filter((i) => i !== chosen);
    }
    expect(chooseWithRemoval(squaredDistances(updates), 7, 1, 5)).toEqual(expected);
  });

  it('can differ between its variants', () => {
    const differ = Array.from({ length: 40 }, (_, seed) =>
      randomUpdates(seed, 11, 6).map((values) => [...values]),
    ).some(
      (rows) =>
        aggregate(bulyan(6, { byzantine: 2 }), rows).join() !==
        aggregate(bulyan(6, { byzantine: 2, removal: false }), rows).join(),
    );
    expect(differ).toBe(true);
  });

  it('needs 4f + 3 updates', () => {
    expect(() => aggregate(bulyan(1, { byzantine: 1 }), [[1], [2], [3], [4], [5], [6]])).toThrowError(
      'bulyan.finalize: expected at least 4·byzantine + 3 = 7 finite updates, got 6',
    );
    expect(() => bulyan(1, { byzantine: 1, removal: 1 as unknown as boolean })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
