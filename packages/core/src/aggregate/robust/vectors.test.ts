import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../test/robust-setup.ts';
import { robustVectors } from '../../conformance/vectors/robust.ts';
import { bulyan } from './bulyan.ts';
import { centeredClipping } from './centered-clipping.ts';
import { coordinateMedian } from './coordinate-median.ts';
import { geometricMedian } from './geometric-median.ts';
import { krum } from './krum.ts';
import { meanAroundMedian } from './mean-around-median.ts';
import { normBounded } from './norm-bounded.ts';
import { trimmedMean } from './trimmed-mean.ts';

type Rule = Parameters<typeof aggregate>[0];
const rules: Record<string, (size: number, options: never) => unknown> = {
  bulyan,
  centeredClipping,
  coordinateMedian,
  geometricMedian,
  krum,
  meanAroundMedian,
  normBounded,
  trimmedMean,
};

describe('robust rules against published and executed results', () => {
  for (const { id, rule, options, updates, weights, reference, expected, tolerance } of robustVectors) {
    it(`${rule}: ${id}`, () => {
      const aggregator = rules[rule](updates[0].length, options as never) as Rule;
      const given = { ...(weights && { weights }), ...(reference && { reference }) };
      const result = aggregate(aggregator, updates, given);
      result.forEach((value, c) => expect(Math.abs(value - expected[c])).toBeLessThanOrEqual(tolerance));
      expect(result).toHaveLength(expected.length);
    });
  }
});
