import { describe, expect, it } from 'vitest';
import { brokenLaws, checkLaws } from '../../conformance/law.ts';
import { robustVectorLaws } from '../../conformance/robust-vectors.ts';
import { robustVectors } from '../../conformance/vectors/robust.ts';
import type { Aggregator } from '../contract.ts';
import { bulyan } from './bulyan.ts';
import { centeredClipping } from './centered-clipping.ts';
import { coordinateMedian } from './coordinate-median.ts';
import { geometricMedian } from './geometric-median.ts';
import { krum } from './krum.ts';
import { meanAroundMedian } from './mean-around-median.ts';
import { normBounded } from './norm-bounded.ts';
import { trimmedMean } from './trimmed-mean.ts';

type Make = (size: number, options: unknown) => Aggregator<unknown, Float32Array>;
const rules = {
  bulyan,
  centeredClipping,
  coordinateMedian,
  geometricMedian,
  krum,
  meanAroundMedian,
  normBounded,
  trimmedMean,
} as unknown as Record<string, Make>;

describe('robust rules against published and executed results', () => {
  for (const [rule, make] of Object.entries(rules)) {
    checkLaws((name, run) => it(`${rule} ${name}`, run), robustVectorLaws(rule, make));
  }

  it('leave no vector out, and notice another rule', async () => {
    expect(robustVectors.filter(({ rule }) => !(rule in rules))).toEqual([]);
    const laws = robustVectorLaws('trimmedMean', (size) => normBounded(size, { maxNorm: 1e-3 }));
    expect(await brokenLaws(laws)).toHaveLength(laws.length);
  });
});
