import { afterEach, describe, expect, it, vi } from 'vitest';
import { aggregate, contributionOf, ensureWithinRange, randomUpdates } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { trimmedCount, trimmedMean } from './trimmed-mean.ts';

const SIZE = 37;

afterEach(() => void vi.unstubAllGlobals());

describe('trimmedMean', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: trimmedMean(SIZE, { trim: 5 / 16 }),
      contribution: contributionOf(SIZE),
      byzantine: 5,
      ensureBound: ensureWithinRange,
    }),
  );

  it('cuts ⌊trim · n⌋ from each end, for the decimal that was meant', () => {
    expect(trimmedCount(0.29, 100)).toBe(29);
    expect(trimmedCount(0.2, 7)).toBe(1);
    expect(trimmedCount(0.3, 7)).toBe(2);
    for (let n = 1; n <= 200; n++) {
      for (let f = 0; 2 * f < n; f++) expect(trimmedCount(f / n, n)).toBe(f);
      for (let percent = 0; percent < 50; percent++) {
        expect(trimmedCount(percent / 100, n)).toBe(Math.floor((percent * n) / 100));
      }
    }
  });

  it('is the mean without trimming and the median with all of it', () => {
    const rows = [[1], [2], [4], [8], [100]];
    expect(aggregate(trimmedMean(1, { trim: 0 }), rows)).toEqual([23]);
    expect(aggregate(trimmedMean(1, { trim: 0.4 }), rows)).toEqual([4]);
  });

  it('has the same bits without WebAssembly', () => {
    const updates = randomUpdates('trimmed', 23, 2500).map((values) => [...values]);
    for (const trim of [0, 0.1, 0.49]) {
      vi.unstubAllGlobals();
      const fast = aggregate(trimmedMean(2500, { trim }), updates);
      vi.stubGlobal('WebAssembly', undefined);
      expect(aggregate(trimmedMean(2500, { trim }), updates)).toEqual(fast);
    }
  });

  it('refuses fractions of a half and more, and below zero', () => {
    for (const trim of [0.5, 0.7, -0.1, Number.NaN, Infinity]) {
      expect(() => trimmedMean(3, { trim })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => trimmedMean(3, { trim: '0.1' as unknown as number })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
