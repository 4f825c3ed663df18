import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, diameterOf, distance } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { squaredDistances } from './distances.ts';
import { krumOrder } from './krum.ts';
import { multiKrum } from './multi-krum.ts';

const SIZE = 29;
const N = 16;
const F = 4;

describe('multiKrum', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: multiKrum(SIZE, { byzantine: F }),
      contribution: contributionOf(SIZE),
      minimum: 2 * F + 3,
      byzantine: F,
      ensureBound(result, honest) {
        const bound = diameterOf(honest) * (1 + Math.sqrt((N - F - 2) / (N - 2 * F - 2)));
        for (const values of honest) expect(distance(values, result)).toBeLessThanOrEqual(bound * (1 + 1e-6));
      },
    }),
  );

  it('averages the updates that Flower and ByzFL choose', () => {
    // byzfl unit_test_aggregators.py, TestMultiKrum: m = n − f = 2 of a tie of three.
    const byzfl = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ].map((row) => Float32Array.from(row));
    expect(krumOrder(squaredDistances(byzfl), byzfl.length, 1, 'n-f-1').slice(0, 2)).toEqual([0, 1]);
    // flwr multikrum_test.py, test_aggregate_train_multikrum: 0.35 is the mean of 0.2 and 0.5.
    const flower = [0.2, 0.5, 1].map((level) => new Float32Array(4).fill(level));
    expect(krumOrder(squaredDistances(flower), 3, 1, 'n-f-2').slice(0, 2)).toEqual([0, 1]);
  });

  it('keeps as many as asked, unweighted, and n − f by default', () => {
    // Flower aggregate.py on this input keeps clients 0, 4 and 1 of seven; its weighted mean is [0.9, …].
    const rows = [
      [1.0, 2.0],
      [1.1, 1.9],
      [0.9, 2.2],
      [1.3, 1.7],
      [0.8, 2.1],
      [10, -10],
      [-20, 30],
    ];
    const weights = [10, 20, 30, 40, 50, 60, 70];
    expect(aggregate(multiKrum(2, { byzantine: 2, keep: 1 }), rows, { weights })).toEqual([1, 2]);
    const all = aggregate(multiKrum(2, { byzantine: 2 }), rows, { weights });
    expect(all[0]).toBeCloseTo(1.02, 6);
    expect(all[1]).toBeCloseTo(1.98, 6);
    expect(aggregate(multiKrum(2, { byzantine: 2, keep: 5 }), rows)).toEqual(all);
  });

  it('needs keep + f updates, so that no Byzantine one is kept for want of honest ones', () => {
    const rule = multiKrum(1, { byzantine: 1, keep: 7 });
    expect(() => aggregate(rule, [[1], [2], [3], [4], [5], [6], [7]])).toThrowError(
      'multiKrum.finalize: expected at least keep + byzantine = 8 finite updates, got 7',
    );
    expect(() => multiKrum(1, { byzantine: 1, keep: 0 })).toThrowError(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
