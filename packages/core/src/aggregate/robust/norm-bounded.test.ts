import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, distance } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { normBounded } from './norm-bounded.ts';

const SIZE = 23;
const F = 4;
const contribution = contributionOf(SIZE);
const unweighted = (index: number) => {
  const { values, client } = contribution(index);
  return { values, client: client as string };
};

describe('normBounded', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: normBounded(SIZE, { maxNorm: 3 }),
      contribution: unweighted,
      byzantine: F,
      ensureBound(result, honest) {
        const zero = new Float32Array(SIZE);
        expect(distance(result, zero)).toBeLessThanOrEqual(3 * (1 + 1e-6));
        const behaved = [...honest, ...Array.from({ length: F }, () => honest[0])].map((values) => [...values]);
        const clean = Float32Array.from(aggregate(normBounded(SIZE, { maxNorm: 3 }), behaved));
        expect(distance(result, clean)).toBeLessThanOrEqual(((2 * F * 3) / 16) * (1 + 1e-6));
      },
    }),
  );

  it('scales long updates down and leaves short ones alone', () => {
    expect(aggregate(normBounded(2, { maxNorm: 5 }), [[3, 4]])).toEqual([3, 4]);
    const [x, y] = aggregate(normBounded(2, { maxNorm: 1 }), [[30, 40]]);
    expect(x).toBeCloseTo(0.6, 5);
    expect(y).toBeCloseTo(0.8, 5);
  });

  it('refuses bounds and weights out of range', () => {
    for (const maxNorm of [0, -1, Number.NaN, Infinity]) {
      expect(() => normBounded(1, { maxNorm })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    const rule = normBounded(1, { maxNorm: 1, maxWeight: 10 });
    const heavy = { client: 'a', values: Float32Array.of(1), weight: 11 };
    const accumulator = rule.create();
    expect(() => rule.accumulate(accumulator, heavy)).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    rule.accumulate(accumulator, { ...heavy, weight: 10 });
    expect([...rule.finalize(accumulator)]).toEqual([1]);
  });
});
