import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, distance } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { seededRng } from '../../random.ts';
import { flTrust } from './fl-trust.ts';

const SIZE = 23;
const reference = contributionOf(SIZE)(5).values.map((value) => value + 0.5);
const length = distance(reference, new Float32Array(SIZE));

describe('flTrust', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: flTrust(SIZE),
      context: { reference },
      contribution: contributionOf(SIZE),
      byzantine: 9,
      ensureBound(result) {
        expect(distance(result, new Float32Array(SIZE))).toBeLessThanOrEqual(length * (1 + 1e-6));
        expect(result.reduce((sum, value, c) => sum + value * reference[c], 0)).toBeGreaterThanOrEqual(-1e-6 * length);
      },
    }),
  );

  it('is the mean of rescaled updates weighted by clipped cosines, computed by the equations', () => {
    const rng = seededRng('trust');
    for (let trial = 0; trial < 20; trial++) {
      const draw = () => Array.from({ length: 5 }, () => Math.fround(rng.uniform() - 0.5));
      const g0 = draw();
      const rows = Array.from({ length: 6 }, draw);
      const dot = (x: number[], y: number[]) => x.reduce((sum, value, c) => sum + value * y[c], 0);
      const norm = (x: number[]) => Math.sqrt(dot(x, x));
      const trust = rows.map((g) => Math.max(0, dot(g, g0) / norm(g) / norm(g0)));
      const total = trust.reduce((sum, value) => sum + value, 0);
      const expected = g0.map((_, c) =>
        total === 0 ? 0 : rows.reduce((sum, g, i) => sum + (trust[i] * norm(g0) * g[c]) / norm(g), 0) / total,
      );
      aggregate(flTrust(5), rows, { reference: g0 }).forEach((value, c) => expect(value).toBeCloseTo(expected[c], 6));
    }
  });

  it('trusts nobody who sends nothing or the opposite', () => {
    const rows = [
      [-1, 0],
      [0, 0],
      [0, 1],
    ];
    expect(aggregate(flTrust(2), rows, { reference: [2, 0] })).toEqual([0, 0]);
    expect(aggregate(flTrust(2), [...rows, [7, 0]], { reference: [2, 0] })).toEqual([2, 0]);
  });

  it('refuses to start without a reference, with one of another model, and with one that has no direction', () => {
    expect(() => flTrust(2).create()).toThrowError(
      'flTrust.create: reference: expected a vector of 2 values, got undefined',
    );
    expect(() => flTrust(2).create({ reference: new Float32Array(3) })).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(() => flTrust(2).create({ reference: new Float32Array(2) })).toThrowError(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
