import { afterEach, describe, expect, it, vi } from 'vitest';
import { aggregate, contributionOf, diameterOf, distance, randomUpdates } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { squaredDistances } from './distances.ts';
import { krumScores, neighbourCount } from './krum-scores.ts';
import { krum, krumOrder } from './krum.ts';

const SIZE = 29;
const N = 16;
const F = 4;

afterEach(() => void vi.unstubAllGlobals());

describe('krum', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: krum(SIZE, { byzantine: F }),
      contribution: contributionOf(SIZE),
      minimum: 2 * F + 3,
      byzantine: F,
      ensureBound(result, honest) {
        const nearest = Math.min(...honest.map((values) => distance(values, result)));
        const bound = diameterOf(honest) * Math.sqrt((N - F - 2) / (N - 2 * F - 2));
        expect(nearest).toBeLessThanOrEqual(bound * (1 + 1e-9));
      },
    }),
  );

  it('sums the n − f − 2 smallest squared distances (scores of Flower aggregate.py, executed on 7 × 4)', () => {
    const updates = [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ].map((row) => Float32Array.from(row));
    const scores = krumScores(squaredDistances(updates), [0, 1, 2, 3, 4, 5, 6], neighbourCount(7, 2));
    const expected = [0.2025, 0.325, 0.4125, 0.845, 0.2875, 1344.5625, 3883.4625];
    // Inputs are rounded to float32 here.
    scores.forEach((score, i) => expect(score / expected[i]).toBeCloseTo(1, 5));
    expect(krumOrder(squaredDistances(updates), 7, 2, 'n-f-2')[0]).toBe(0);
  });

  it('breaks down beyond six of fifteen, and not before', () => {
    // Liars all at one far point: told of f = 6, a score sums the n − f − 2 = 7 nearest, of which at least two are honest.
    const honest = randomUpdates('breakdown', 9, SIZE);
    const far = new Float32Array(SIZE).fill(1000);
    const of = (byzantine: number, liars: number) =>
      aggregate(
        krum(SIZE, { byzantine }),
        [...honest.slice(0, 15 - liars), ...Array(liars).fill(far)].map((values) => [...(values as Float32Array)]),
      );
    expect(Math.max(...of(6, 6).map(Math.abs))).toBeLessThan(10);
    // Eight have seven neighbours among themselves, at distance 0.
    expect(of(6, 8)[0]).toBe(1000);
    // Told of seven, fifteen are too few: 2f + 3 = 17.
    expect(() => of(7, 6)).toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
  });

  it('chooses as Flower and ByzFL do where the paper leaves too few: at least one neighbour, ties to the first', () => {
    const rows = (...levels: number[]) => levels.map((level) => new Float32Array(4).fill(level));
    // flwr multikrum_test.py, test_aggregate_train_krum: f = 1, n = 3.
    expect(krumOrder(squaredDistances(rows(0.2, 0.7, 1.0)), 3, 1, 'n-f-2')[0]).toBe(1);
    // byzfl unit_test_aggregators.py, TestKrum: a tie of all three, n − f − 1 neighbours.
    const byzfl = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ].map((row) => Float32Array.from(row));
    expect(krumOrder(squaredDistances(byzfl), 3, 1, 'n-f-1')[0]).toBe(0);
  });

  it('gives ties to the smallest client id, whoever reports first', () => {
    const rule = krum(1, { byzantine: 0 });
    for (const order of [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['b', 'c', 'a'],
    ]) {
      const accumulator = rule.create();
      // Each has a neighbour at distance 1; b has two.
      const values: Record<string, number> = { a: 0, b: 1, c: 2 };
      for (const client of order) rule.accumulate(accumulator, { client, values: Float32Array.of(values[client]) });
      expect([...rule.finalize(accumulator)]).toEqual([0]);
    }
  });

  it('tells the two neighbour counts apart', () => {
    // Of five with f = 1: two neighbours against three.
    const rows = [[0], [0.1], [0.3], [2], [2.3]];
    expect(aggregate(krum(1, { byzantine: 1 }), rows)).toEqual([Math.fround(0.1)]);
    expect(neighbourCount(5, 1, 'n-f-2')).toBe(2);
    expect(neighbourCount(5, 1, 'n-f-1')).toBe(3);
    const differ = Array.from({ length: 20 }, (_, seed) => randomUpdates(seed, 7, 2).map((values) => [...values])).some(
      (updates) =>
        aggregate(krum(2, { byzantine: 1, neighbours: 'n-f-2' }), updates).join() !==
        aggregate(krum(2, { byzantine: 1, neighbours: 'n-f-1' }), updates).join(),
    );
    expect(differ).toBe(true);
  });

  it('has the same bits without WebAssembly', () => {
    const updates = randomUpdates('krum', 12, 5000).map((values) => [...values]);
    const fast = aggregate(krum(5000, { byzantine: 4 }), updates);
    vi.stubGlobal('WebAssembly', undefined);
    expect(aggregate(krum(5000, { byzantine: 4 }), updates)).toEqual(fast);
  });

  it('says how many updates are missing, and refuses options by name', () => {
    expect(() => aggregate(krum(1, { byzantine: 2 }), [[1], [2], [3], [4], [5], [6]])).toThrowError(
      'krum.finalize: expected at least 2·byzantine + 3 = 7 finite updates, got 6',
    );
    for (const [options, code] of [
      [{ byzantine: -1 }, 'OUT_OF_RANGE'],
      [{ byzantine: 1.5 }, 'OUT_OF_RANGE'],
      [{ byzantine: 1, neighbours: 'n-f' as 'n-f-2' }, 'INVALID_ARGUMENT'],
      [{} as { byzantine: number }, 'INVALID_ARGUMENT'],
    ] as const) {
      expect(() => krum(3, options)).toThrowError(expect.objectContaining({ code }));
    }
  });
});
