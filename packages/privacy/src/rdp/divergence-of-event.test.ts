import { describe, expect, it } from 'vitest';
import { event } from '../event/event.ts';
import { discreteGaussianSumDistance } from '../event/kinds/distributed-discrete-gaussian.ts';
import type { LeafEvent } from '../event/types.ts';
import { divergenceOfEvent } from './divergence-of-event.ts';

const ORDERS = [1.25, 2, 7.5, 40];

/** log Σ p^α q^(1−α) / (α − 1), of two distributions over few values, as it is defined. */
function defined(p: readonly number[], q: readonly number[], order: number): number {
  const moment = p.reduce((sum, mass, i) => sum + mass ** order * q[i] ** (1 - order), 0);
  return Math.log(moment) / (order - 1);
}

function near(found: number, wanted: number): void {
  expect(Math.abs(found - wanted)).toBeLessThan(1e-9 * Math.abs(wanted));
}

describe('randomized response', () => {
  /** How often each of `buckets` values is told where `truth` holds, which noise replaces by any value. */
  const told = (truth: number, buckets: number, noise: number) =>
    Array.from({ length: buckets }, (_, i) => (i === truth ? 1 - noise : 0) + noise / buckets);

  it.each([
    [2, 0.5],
    [2, 0.01],
    [5, 0.2],
  ])('of %d values and noise %d is what the definition says where one value replaces another', (buckets, noise) => {
    const subject = divergenceOfEvent(
      event.randomizedResponse({ buckets, noiseProbability: noise }) as LeafEvent,
      'replace-one',
    );
    for (const order of ORDERS) {
      near(subject.at(order), defined(told(0, buckets, noise), told(1, buckets, noise), order));
    }
  });

  it('of a small loss is between nothing and half the square of it', () => {
    const noiseProbability = 1 - 1e-6;
    const subject = divergenceOfEvent(
      event.randomizedResponse({ buckets: 2, noiseProbability }) as LeafEvent,
      'replace-one',
    );
    const loss = Math.log1p((2 * (1 - noiseProbability)) / noiseProbability);
    for (const order of ORDERS) {
      expect(subject.at(order)).toBeGreaterThan(0);
      expect(subject.at(order)).toBeLessThanOrEqual(0.5 * order * loss * loss * (1 + 1e-9));
    }
  });
});

it('a cohort of everybody is no sample', () => {
  const inner = event.gaussian({ noiseStd: 3, recordNorm: 2 });
  const everybody = event.sampledWithoutReplacement({ cohort: 10, population: 10 }, inner) as LeafEvent;
  const subject = divergenceOfEvent(everybody, 'replace-one');
  for (const order of ORDERS) near(subject.at(order), divergenceOfEvent(inner as LeafEvent, 'replace-one').at(order));
});

describe('sums of discrete Gaussians', () => {
  const sum = (localNoiseStd: number, contributors: number, recordNorm: number, dimension: number) => {
    const options = { localNoiseStd, contributors, recordNorm, dimension };
    return divergenceOfEvent(event.distributedDiscreteGaussian(options) as LeafEvent, 'add-or-remove');
  };

  it('are as one Gaussian where all are wide', () => {
    // One of 4·√25: α·(10/20)²/2.
    for (const order of ORDERS) near(sum(4, 25, 10, 3).at(order), order / 8);
  });

  it('cost a τ for each coordinate more at most, which is the least of the bounds at high orders', () => {
    near(sum(1.2, 4, 3, 2).at(40), 0.5 * 40 * (3 / 2.4) ** 2 + 2 * discreteGaussianSumDistance(1.2, 4));
  });
});

describe('the exponential mechanism', () => {
  // The closed form of a bounded range with 60 digits (mpmath): where losses are tiny, float64 cancels.
  it.each([
    [1.230001101640751e-7, 839.658856067854, 1.587902698330055e-12],
    [1e-6, 500, 6.249999978341927e-11],
    [1e-5, 12, 1.499999999722917e-10],
    [3e-4, 40, 4.499991219402412e-7],
  ])('of ε %f costs no less than it does at order %d', (epsilon, order, wanted) => {
    const found = divergenceOfEvent(event.exponential({ epsilon }) as LeafEvent, 'add-or-remove').at(order);
    expect(found).toBeGreaterThanOrEqual(wanted * (1 - 2 ** -40));
    expect(found).toBeLessThan(wanted * (1 + 2e-4));
  });
});
