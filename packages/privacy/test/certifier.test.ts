// A short run of `pnpm bench accounting fuzz`, and the oracle held to what is known of it.
import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import vectors from './vectors/special.json' with { type: 'json' };
import { event, pldAccountant } from '../src/index.ts';
import { faultsOf } from './certifier/certify.ts';
import {
  composed,
  discreteGaussianPair,
  discreteLaplacePair,
  exponential,
  finiteDelta,
  fixed,
  laplacePair,
  purePair,
  responsePair,
  sampled,
} from './certifier/finite-oracle.ts';
import { logUpperTail } from './certifier/normal-oracle.ts';
import { randomQuestion } from './certifier/random-event.ts';
import { sampledPairs, thresholdDelta } from './certifier/threshold-oracle.ts';

describe('the oracle', () => {
  it.each(vectors.normal)('holds the normal tail at $x', ({ x, log_upper_tail: log }) => {
    const { lower, upper } = logUpperTail(x);
    expect(lower).toBeLessThanOrEqual(log);
    expect(upper).toBeGreaterThanOrEqual(log);
    // Beyond 37 by Mills' inequalities.
    expect(upper - lower).toBeLessThanOrEqual(x > 37 ? 1.1 / (x * x) + 1e-12 * x * x : 1e-12 * (1 + Math.abs(log)));
  });

  it('finds what 80 digits found, and would have found the accountant out', () => {
    const [pair] = sampledPairs(0.5, 1 / 0.03, 'replace-one');
    expect(thresholdDelta(pair, 691.5287).upper).toBeGreaterThan(1e-5 * (1 - 1e-4));
    expect(thresholdDelta(pair, 691.5288).lower).toBeLessThan(1e-5);
    expect(thresholdDelta(pair, 0).lower).toBeGreaterThan(0.49);
  });
});

describe('the oracle of finite pairs', () => {
  const holds = ({ lower, upper }: { lower: number; upper: number }, truth: number): void => {
    expect(lower).toBeLessThanOrEqual(truth * (1 + 1e-12));
    expect(upper).toBeGreaterThanOrEqual(truth * (1 - 1e-12));
    expect(upper - lower).toBeLessThanOrEqual(1e-11 * truth);
  };
  const epsilon = 0.7;

  it('has the exponential', () => {
    for (const x of [0, -1e-9, -0.3, -1, -17.25, -400]) {
      // In units of 2^-2400, of which 2^-1100 and less is left out.
      expect(Number(exponential(fixed(x)) >> 1400n) / 2 ** 1000 / Math.exp(x)).toBeCloseTo(1, 13);
    }
  });

  it('has the closed forms of one release', () => {
    holds(finiteDelta(responsePair(0.3, 4), epsilon), 0.775 - Math.exp(epsilon) * 0.075);
    holds(finiteDelta(purePair(2), epsilon), (Math.exp(2) - Math.exp(epsilon)) / (1 + Math.exp(2)));
    // Of Laplace noise cut where its loss passes ε, and sampled.
    const laplace = laplacePair(1.5, [0, 0.5 * (1.5 + epsilon), 1.5]);
    holds(finiteDelta(laplace, epsilon), -Math.expm1(0.5 * (epsilon - 1.5)));
    const unsampled = Math.log1p(Math.expm1(epsilon) / 0.6);
    const cut = laplacePair(1.5, [0, 0.5 * (1.5 + unsampled), 1.5]);
    holds(finiteDelta(sampled(cut, 0.6, true), epsilon), 0.6 * -Math.expm1(0.5 * (unsampled - 1.5)));
    const scale = 2;
    const [p, q] = [1 / (1 + Math.exp(-1 / scale)), Math.exp(-1 / scale) / (1 + Math.exp(-1 / scale))];
    holds(finiteDelta(discreteLaplacePair(scale, 1), 0.2), p - Math.exp(0.2) * q);
  });

  it('has those of several', () => {
    const [p, q] = [Math.exp(2) / (1 + Math.exp(2)), 1 / (1 + Math.exp(2))];
    holds(finiteDelta(composed(purePair(2), 2), 1), p * p - Math.exp(1) * q * q);
    // Discrete Gaussians of n rounds are seen by their sum.
    const one = finiteDelta(composed(discreteGaussianPair(3, 1), 2), epsilon);
    expect(one.lower).toBeGreaterThan(finiteDelta(discreteGaussianPair(3, 1), epsilon).upper);
    expect(composed(discreteGaussianPair(3, 1), 2).p.length).toBeLessThan(4 * 110);
  });
});

// What the fuzzer once took for a fault: only noise that is a sum of the lesser noise and more is never worse.
it('a wider discrete Gaussian may cost more, where δ covers a neighbour of the truth under the narrower one', () => {
  const delta = 0.0018;
  const epsilonOf = (noiseStd: number) => {
    const e = event.discreteGaussian({ noiseStd, recordNorm: 1, dimension: 1 });
    return pldAccountant({ neighboring: 'replace-one' }).compose(e).epsilonBounds(delta);
  };
  const [narrow, wide] = [0.2775, 0.3608];
  expect(epsilonOf(wide).lower).toBeGreaterThan(epsilonOf(narrow).upper + 4);
  // Enumerated: at an ε between the two the narrower one has no more than δ, the wider one far more.
  const between = 28;
  expect(finiteDelta(discreteGaussianPair(narrow, 2), between).upper).toBeLessThan(delta);
  expect(finiteDelta(discreteGaussianPair(wide, 2), between).lower).toBeGreaterThan(10 * delta);
});

describe('random questions over the whole range', () => {
  const seed = 'certifier 1';
  it(`have no fault: seed ${seed}`, () => {
    const rng = seededRng(seed);
    const faults: string[] = [];
    for (let i = 0; i < 60; i++) {
      const wild = i % 3 === 0;
      const question = randomQuestion(() => rng.uniform(), wild);
      if (question.rounds > (wild ? 1 : 200)) continue;
      for (const fault of faultsOf(question, !wild && i % 5 === 1)) faults.push(`${fault}: ${question.text}`);
    }
    expect(faults).toEqual([]);
  }, 120_000);
});
