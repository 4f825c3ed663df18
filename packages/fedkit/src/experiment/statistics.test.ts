import { describe, expect, it } from 'vitest';
import { estimate, holm, medianOf, paired } from './statistics.ts';
import { studentQuantile, studentTail } from './student.ts';

describe("Student's t", () => {
  // Abramowitz and Stegun, table 26.10, and R's qt(0.975, df).
  it.each([
    [1, 12.706204736],
    [2, 4.30265273],
    [4, 2.776445105],
    [10, 2.228138852],
    [30, 2.042272456],
    [1000, 1.962339081],
  ])('with %d degrees of freedom leaves 5 %% beyond %d', (degrees, t) => {
    expect(studentQuantile(0.05, degrees)).toBeCloseTo(t, 8);
    expect(studentTail(t, degrees)).toBeCloseTo(0.05, 9);
  });

  it('has closed forms with one and two degrees', () => {
    for (const t of [0.001, 0.3, 1, 4, 50]) {
      expect(studentTail(t, 1) / (1 - (2 / Math.PI) * Math.atan(t))).toBeCloseTo(1, 9);
      expect(studentTail(-t, 2) / (1 - t / Math.sqrt(2 + t * t))).toBeCloseTo(1, 9);
    }
    expect([studentTail(0, 3), studentTail(Infinity, 3)]).toEqual([1, 0]);
  });
});

describe('estimates', () => {
  it('are means with intervals', () => {
    // Σ(x − 4)² = 50: the standard error is √(50/4/5).
    const { mean, half } = estimate([1, 2, 3, 4, 10]);
    expect([mean, half]).toEqual([4, expect.closeTo(2.776445105 * Math.sqrt(2.5), 7)]);
    expect(estimate([7])).toEqual({ mean: 7, half: Infinity, count: 1 });
  });

  it('are paired by seed', () => {
    // Differences 4, 3, 5: t = 4·√3 with two degrees of freedom, whose tail is 1 − t/√(2 + t²).
    const { mean, p } = paired([5, 6, 9], [1, 3, 4]);
    expect([mean, p]).toEqual([4, expect.closeTo(1 - Math.sqrt(48 / 50), 12)]);
    expect(paired([1, 2], [1, 2]).p).toBe(1);
    expect(paired([2, 3], [1, 2]).p).toBe(0);
    expect(paired([2], [1]).p).toBe(1);
  });

  it('are adjusted by Holm: 4·0.005, 3·0.01, 2·0.03, and never less than one before', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('have medians that may never be reached', () => {
    expect(medianOf([3, Infinity, 1])).toBe(3);
    expect(medianOf([3, Infinity])).toBe(Infinity);
    expect(medianOf([1, 3, Infinity, 5])).toBe(4);
  });
});
