import { describe, expect, it } from 'vitest';
import {
  aggregate,
  contributionOf,
  diameterOf,
  distance,
  ensureWithinRange,
  randomUpdates,
} from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { weightedMean } from '../mean.ts';
import { centeredClipping } from '../robust/centered-clipping.ts';
import { coordinateMedian } from '../robust/coordinate-median.ts';
import { flTrust } from '../robust/fl-trust.ts';
import { krum } from '../robust/krum.ts';
import { adaptiveRobustClipping } from './adaptive-robust-clipping.ts';
import { bucketing } from './bucketing.ts';
import { nearestNeighborMixing } from './nearest-neighbor-mixing.ts';

const SIZE = 19;
const F = 4;
const size = SIZE as number;
const contribution = contributionOf(SIZE);
const reference = contribution(1).values.map((value) => value + 1);

describe('adaptiveRobustClipping', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: adaptiveRobustClipping({ byzantine: F })(coordinateMedian(SIZE)),
      contribution,
      minimum: 2 * F + 1,
      byzantine: F,
      ensureBound(result, honest) {
        // Shortened or not, an honest update lies between 0 and itself at every coordinate, and so does their median.
        ensureWithinRange(result, [...honest, new Float32Array(SIZE)]);
      },
    }),
  );

  it('clips the longest 2·(f/n)·(n − f) to the next length', () => {
    // n = 5, f = 1: the longest one, to 4. n = 9, f = 2: ⌊28/9⌋ = 3, to 6.
    const clipped = (n: number, byzantine: number) =>
      aggregate(
        adaptiveRobustClipping({ byzantine })(weightedMean(2 as number)),
        Array.from({ length: n }, (_, i) => [i === n - 1 ? 100 : i + 1, 0]),
      )[0];
    expect(clipped(5, 1)).toBeCloseTo((1 + 2 + 3 + 4 + 4) / 5, 6);
    expect(clipped(9, 2)).toBeCloseTo((1 + 2 + 3 + 4 + 5 + 6 * 4) / 9, 6);
    expect(clipped(5, 0)).toBe(22);
  });
});

describe('adaptiveRobustClipping, vectors of others', () => {
  it('clips as ByzFL does (docstring of class ARC, commit 2bada51): the third of three, to the length of the second', () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    const sum = aggregate(adaptiveRobustClipping({ byzantine: 1 })(weightedMean(3)), rows).map((value) => 3 * value);
    [1 + 4 + 4.41004009, 2 + 5 + 5.04004582, 3 + 6 + 5.67005155].forEach((value, c) =>
      expect(sum[c]).toBeCloseTo(value, 5),
    );
  });
});

describe('nearestNeighborMixing', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: nearestNeighborMixing({ byzantine: F })(coordinateMedian(SIZE)),
      contribution,
      minimum: 2 * F + 1,
      byzantine: F,
      ensureBound(result, honest) {
        // The median of mixtures is within the range of honest mixtures, each within Δ of an honest update.
        const bound = diameterOf(honest) * (1 + Math.sqrt(SIZE));
        expect(Math.min(...honest.map((values) => distance(values, result)))).toBeLessThanOrEqual(bound);
      },
    }),
  );

  it('mixes as ByzFL does (unit_test_preaggregators.py, TestNNM): [2.5 3.5 4.5] twice, [5.5 6.5 7.5]', () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    const mean = aggregate(nearestNeighborMixing({ byzantine: 1 })(weightedMean(3)), rows);
    expect(mean).toEqual([3.5, 4.5, 5.5]);
    expect(aggregate(nearestNeighborMixing({ byzantine: 1 })(coordinateMedian(3)), rows)).toEqual([2.5, 3.5, 4.5]);
  });

  it('hands weights on, and the context to the rule behind', () => {
    const rows = [[0], [4], [8]];
    const weights = [1, 1, 2];
    // Mixtures 2, 2 and 6.
    expect(aggregate(nearestNeighborMixing({ byzantine: 1 })(weightedMean(1)), rows, { weights })).toEqual([4]);
    const rule = nearestNeighborMixing({ byzantine: F })(flTrust(SIZE));
    expect(() => rule.create()).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const accumulator = rule.create({ reference });
    for (let i = 0; i < 9; i++) rule.accumulate(accumulator, contribution(i));
    expect(distance(rule.finalize(accumulator), new Float32Array(SIZE))).toBeLessThanOrEqual(
      distance(reference, new Float32Array(SIZE)) * (1 + 1e-6),
    );
  });

  it('needs 2f + 1 updates, and as many as the rule behind', () => {
    expect(() => aggregate(nearestNeighborMixing({ byzantine: 1 })(coordinateMedian(1)), [[1], [2]])).toThrowError(
      'nearestNeighborMixing.finalize: expected at least 2·byzantine + 1 = 3 finite updates, got 2',
    );
    expect(() =>
      aggregate(nearestNeighborMixing({ byzantine: 1 })(krum(1, { byzantine: 1 })), [[1], [2], [3], [4]]),
    ).toThrowError(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
  });
});

describe('bucketing', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: bucketing({ size: 2, seed: 'round 7' })(coordinateMedian(SIZE)),
      contribution,
      byzantine: 3,
      // At most 3 of 8 buckets hold a Byzantine update; honest buckets are within the honest range.
      ensureBound: ensureWithinRange,
    }),
  );

  checkLaws(
    (name, run) => it(`with centered clipping behind: ${name}`, run),
    robustAggregatorLaws({
      aggregator: bucketing({ size: 3, seed: 1 })(
        nearestNeighborMixing({ byzantine: 1 })(centeredClipping(SIZE, { radius: 1 })),
      ),
      context: { reference },
      contribution,
      minimum: 7,
      byzantine: 1,
      ensureBound: (result) => expect(distance(result, reference)).toBeLessThanOrEqual(1 + 1e-6),
    }),
  );

  it('averages every s clients once, the rest in a smaller bucket: the weighted mean is kept', () => {
    for (const n of [1, 2, 5, 6]) {
      const updates = randomUpdates(n, n, SIZE).map((values) => [...values]);
      const mixed = aggregate(bucketing({ size: 2, seed: 3 })(weightedMean(size)), updates);
      aggregate(weightedMean(size), updates).forEach((value, c) => expect(mixed[c]).toBeCloseTo(value, 5));
    }
  });

  it('is the rule itself for buckets of one', () => {
    // Apart from −0, whose mean is +0.
    const updates = randomUpdates('one', 9, SIZE).map((values) => [...values].map((value) => value + 0));
    expect(aggregate(bucketing({ size: 1, seed: 0 })(krum(SIZE, { byzantine: 2 })), updates)).toEqual(
      aggregate(krum(SIZE, { byzantine: 2 }), updates),
    );
  });

  it('places clients by the seed: another seed, other buckets; bytes of another seed are refused', () => {
    const updates = randomUpdates('seed', 12, SIZE).map((values) => [...values]);
    const results = new Set(
      [0, 1, 2, 'a', 'b', Uint8Array.of(1, 2, 3)].map((seed) =>
        aggregate(bucketing({ size: 3, seed })(coordinateMedian(SIZE)), updates).join(),
      ),
    );
    expect(results.size).toBeGreaterThan(4);
    const one = bucketing({ size: 3, seed: 'a' })(coordinateMedian(SIZE));
    const other = bucketing({ size: 3, seed: 'b' })(coordinateMedian(SIZE));
    expect(() => other.deserialize(one.serialize(one.create()))).toThrowError(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
  });

  it('refuses sizes and rules that are none', () => {
    expect(() => bucketing({ size: 0, seed: 1 })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => bucketing({ size: 2, seed: 1 })(undefined as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
