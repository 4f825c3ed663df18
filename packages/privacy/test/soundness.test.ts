// Settings in which a certified bound was once below the truth, with truths from 80-digit arithmetic and closed forms.
import { describe, expect, it } from 'vitest';
import {
  calibrateNoiseStd,
  calibrateSamplingProbability,
  calibrateSteps,
  type DpEvent,
  event,
  fixedCohortEpsilonBounds,
  type Neighboring,
  pldAccountant,
  rdpAccountant,
  truePositiveRate,
} from '../src/index.ts';

const gaussian = (ratio: number) => event.gaussian({ noiseStd: 1 / ratio, recordNorm: 1 });

function bounds(e: DpEvent, neighboring: Neighboring, delta = 1e-5, count = 1): { lower: number; upper: number } {
  return pldAccountant({ neighboring }).compose(e, count).epsilonBounds(delta);
}

/** Both sides hold, and are within 1e-3 of each other relative to max(ε, 1). */
function encloses({ lower, upper }: { lower: number; upper: number }, truth: number, digits: number): void {
  expect(lower).toBeLessThanOrEqual(truth + digits);
  expect(upper).toBeGreaterThanOrEqual(truth - digits);
  expect(upper - lower).toBeLessThanOrEqual(1e-3 * Math.max(1, upper));
}

describe('noise far below the norm', () => {
  it.each([
    [37, 0.01, 793.28, 0.005],
    [1 / 0.03, 0.5, 691.5287, 5e-5],
  ])('sampled Gaussian under replace-one, ratio %d, q = %d: ε = %d', (ratio, q, truth, digits) => {
    encloses(bounds(event.poissonSampled(q, gaussian(ratio)), 'replace-one'), truth, digits);
  });

  it.each([
    ['add-or-remove', 1462.29],
    ['replace-special', 1462.29],
    ['replace-one', 5425.51],
  ] as const)('a single Gaussian of ratio 50 under %s: ε = %d', (neighboring, truth) => {
    encloses(bounds(gaussian(50), neighboring), truth, 0.006);
    encloses(
      bounds(event.discreteGaussian({ noiseStd: 200, recordNorm: 10_000, dimension: 2 }), neighboring),
      truth,
      2,
    );
  });

  it.each([50, 1e6, 1e9])('several rounds, δ and rates at ratio %d', (ratio) => {
    for (const neighboring of ['add-or-remove', 'replace-one', 'replace-special'] as const) {
      for (const e of [gaussian(ratio), event.poissonSampled(0.3, gaussian(ratio))]) {
        for (const count of [1, 7]) {
          const accountant = pldAccountant({ neighboring }).compose(e, count);
          const { lower, upper } = accountant.epsilonBounds(1e-5);
          const whole = pldAccountant({ neighboring }).compose(gaussian(ratio), count).epsilonBounds(1e-5);
          expect(lower).toBeGreaterThan(0);
          expect(upper).toBeGreaterThanOrEqual(lower);
          expect(lower).toBeLessThanOrEqual(whole.upper);
          const delta = accountant.deltaBounds(0.5 * upper);
          expect(delta.lower).toBeLessThanOrEqual(delta.upper);
          expect(delta.upper).toBeGreaterThan(0.05);
          const rate = truePositiveRate(accountant, 0.1);
          expect(rate.lower).toBeLessThanOrEqual(rate.upper);
          expect(rate.upper).toBeGreaterThan(0.29);
        }
      }
    }
  });

  it('n Gaussians are one of √n times the ratio, at any n', () => {
    for (const [ratio, count] of [
      [1e-9, 1e9],
      [1e-3, 1e7],
      [1, 1e9],
      [1e9, 1e9],
    ]) {
      const whole = Math.sqrt(count) * ratio;
      const composed = bounds(gaussian(ratio), 'add-or-remove', 1e-6, count);
      if (whole < 1e9) {
        const single = bounds(gaussian(whole), 'add-or-remove', 1e-6);
        expect(Math.abs(composed.upper / single.upper - 1)).toBeLessThan(1e-9);
      }
      expect(composed.upper / composed.lower - 1).toBeLessThan(1e-9);
    }
  });

  it('a released answer is never free: pure mechanisms at large ε', () => {
    const large = [
      event.epsilonDelta({ epsilon: 900, delta: 0 }),
      event.laplace({ scale: 1 / 900, recordNorm: 1 }),
      event.discreteLaplace({ scale: 1 / 900, recordNorm: 1 }),
      event.exponential({ epsilon: 900 }),
    ];
    for (const e of large) {
      expect(rdpAccountant({ neighboring: 'replace-special' }).compose(e).epsilon(1e-5)).toBeGreaterThan(880);
      if (e.kind === 'exponential') continue;
      for (const count of [1, 3]) {
        const { lower, upper } = bounds(e, 'replace-special', 1e-5, count);
        expect(upper).toBeGreaterThanOrEqual(899 * count);
        expect(lower).toBeGreaterThanOrEqual(880 * count);
      }
    }
  });
});

describe('calibration', () => {
  const round = (noiseStd: number, recordNorm: number) =>
    event.selfComposed(event.poissonSampled(0.01, event.gaussian({ noiseStd, recordNorm })), 1);

  it.each([
    [2, 1e-6, 30, 0.646, 1e-3],
    [20, 1e-5, 1, 0.21399585, 1e-4],
    [20, 1e-5, 1e7, 0.21399585, 1e-4],
    [20, 1e-5, 1e-7, 0.21399585, 1e-4],
  ])('ε = %d, δ = %d, norm %d needs noise of %d norms', (epsilon, delta, recordNorm, ratio, tolerance) => {
    const neighboring = 'replace-one';
    const std = calibrateNoiseStd({ epsilon, delta, neighboring, event: (s) => round(s, recordNorm) });
    expect(std / recordNorm).toBeGreaterThan(ratio * (1 - tolerance));
    expect(std / recordNorm).toBeLessThan(ratio * (1 + tolerance));
  });

  it('refuses what is met at the end of its range, and what does not fall with noise', () => {
    const target = { epsilon: 2, delta: 1e-6, neighboring: 'add-or-remove' } as const;
    const fixed = () => event.gaussian({ noiseStd: 10, recordNorm: 1 });
    expect(() => calibrateNoiseStd({ ...target, event: fixed })).toThrow(/noise/);
    const rising = (s: number) => event.gaussian({ noiseStd: 1 / s, recordNorm: 1 });
    expect(() => calibrateNoiseStd({ ...target, event: rising })).toThrow(/one way|target/);
    const never = () => event.gaussian({ noiseStd: 0.1, recordNorm: 1 });
    expect(() => calibrateNoiseStd({ ...target, event: never })).toThrow(/target/);
    expect(calibrateSteps({ ...target, event: never() })).toBe(0);
    expect(calibrateSamplingProbability({ ...target, event: (q) => event.poissonSampled(q, fixed()) })).toBe(1);
  });
});

describe('next to nothing', () => {
  it('empty accountants answer 0', () => {
    for (const accountant of [
      pldAccountant({ neighboring: 'add-or-remove' }),
      rdpAccountant({ neighboring: 'add-or-remove' }),
    ]) {
      expect(accountant.epsilon(1e-5)).toBe(0);
      expect(accountant.delta(0)).toBe(0);
    }
    const empty = pldAccountant({ neighboring: 'replace-one' });
    expect(empty.epsilonBounds(0)).toEqual({ lower: 0, upper: 0, warnings: [] });
    expect(truePositiveRate(empty, 0.25)).toEqual({ lower: 0.25, upper: 0.25 });
  });

  it('pure mechanisms answer at δ = 0, others say why not', () => {
    const neighboring = 'replace-one';
    const pure = pldAccountant({ neighboring }).compose(event.laplace({ scale: 4, recordNorm: 1 }), 6);
    const { lower, upper } = pure.epsilonBounds(0);
    expect(lower).toBeLessThanOrEqual(3);
    expect(upper).toBeGreaterThanOrEqual(3);
    expect(upper - lower).toBeLessThan(1e-9);
    expect(() => pldAccountant({ neighboring }).compose(gaussian(1)).epsilonBounds(0)).toThrow(/δ/);
    const leaking = pldAccountant({ neighboring }).compose(event.epsilonDelta({ epsilon: 1, delta: 1e-9 }));
    expect(() => leaking.epsilonBounds(0)).toThrow(/δ/);
  });

  it('tiny sampling probabilities cost about nothing', () => {
    for (const neighboring of ['add-or-remove', 'replace-one'] as const) {
      for (const count of [1, 100, 1e6]) {
        const { lower, upper } = bounds(event.poissonSampled(1e-15, gaussian(1)), neighboring, 1e-5, count);
        expect(lower).toBe(0);
        expect(upper).toBeLessThan(1e-3);
      }
    }
  });

  it('a PLD interval is never worse than the Rényi bound', () => {
    const e = event.poissonSampled(3.8e-4, gaussian(0.306));
    const { lower, upper } = bounds(e, 'add-or-remove', 1e-200, 9);
    expect(upper).toBeLessThanOrEqual(rdpAccountant({ neighboring: 'add-or-remove' }).compose(e, 9).epsilon(1e-200));
    expect(upper).toBeLessThan(2.711);
    expect(lower).toBeGreaterThan(0);
  });
});

describe('fixed cohorts', () => {
  it('with hardly any noise', () => {
    const options = { population: 100, cohort: 10, rounds: 3, delta: 1e-5, recordNorm: 1 };
    const { lower, upper } = fixedCohortEpsilonBounds({ ...options, noiseStd: 1e-3 });
    expect(lower).toBeGreaterThan(1e6);
    expect(upper).toBeGreaterThanOrEqual(lower);
  });
});

describe('noise far above the norm', () => {
  const faint = (scale: number): [string, DpEvent, Neighboring][] => [
    ['Laplace', event.laplace({ scale, recordNorm: 1 }), 'replace-one'],
    [
      'sampled Laplace',
      event.poissonSampled(0.6087736726022615, event.laplace({ scale, recordNorm: 1 })),
      'add-or-remove',
    ],
    [
      'sampled discrete Laplace',
      event.poissonSampled(0.9, event.discreteLaplace({ scale, recordNorm: 1 })),
      'replace-special',
    ],
    ['randomized response', event.randomizedResponse({ noiseProbability: 1 - 1 / scale, buckets: 4 }), 'replace-one'],
    ['pure', event.epsilonDelta({ epsilon: 1 / scale, delta: 0 }), 'add-or-remove'],
  ];

  // Rényi divergences of some of these were lost to rounding, and then 0: no cost at all.
  it.each([1e3, 1e6, 723387685.7120984])('scale %d: no Rényi bound is below a lower end', (scale) => {
    for (const [name, e, neighboring] of faint(scale)) {
      for (const count of [1, 2, 1000]) {
        const pld = pldAccountant({ neighboring }).compose(e, count);
        const rdp = rdpAccountant({ neighboring }).compose(e, count);
        for (const delta of [2e-203, 1e-30, 1e-12]) {
          const { lower, upper } = pld.epsilonBounds(delta);
          const one = pldAccountant({ neighboring }).compose(e).epsilonBounds(delta);
          expect(upper, name).toBeGreaterThanOrEqual(one.lower);
          expect(rdp.epsilon(delta), name).toBeGreaterThanOrEqual(lower);
        }
        const { lower, upper } = pld.deltaBounds(0);
        expect(lower, name).toBeGreaterThan(0);
        expect(upper, name).toBeGreaterThanOrEqual(lower);
        expect(rdp.delta(0), name).toBeGreaterThanOrEqual(lower);
      }
    }
  });
});

describe('a lower end of many rounds', () => {
  it.each([[1e-4, 0.6, 1e6]])('q = %d, σ = %d, T = %d: within 1e-3 of the upper one', (q, noiseStd, rounds) => {
    const e = event.poissonSampled(q, event.gaussian({ noiseStd, recordNorm: 1 }));
    const { lower, upper, warnings } = pldAccountant({ neighboring: 'add-or-remove' })
      .compose(e, rounds)
      .epsilonBounds(1e-5);
    expect(upper - lower).toBeLessThanOrEqual(1e-3 * Math.max(1, upper));
    expect(warnings).toEqual([]);
  });
});

// The round-off of a transform was bounded as if no point of the lattice were near ε, which at a tilt of 1e5 is everything.
it('a tilt beyond the inverse of the step: two rounds of sampled Laplace noise cost almost their largest losses', () => {
  const [q, ratio] = [0.3098114700446284, 1 / 11.472075814255838];
  const e = event.poissonSampled(q, event.laplace({ scale: 1 / ratio, recordNorm: 1 }));
  const { lower, upper } = pldAccountant({ neighboring: 'add-or-remove' })
    .compose(e, 2)
    .epsilonBounds(1.6230581243607837e-7);
  const largest = 2 * Math.log1p(q * Math.expm1(ratio));
  // Both rounds have it with the probability (q/2 + (1 − q)·exp(−ratio)/2)².
  const both = (q / 2 + ((1 - q) * Math.exp(-ratio)) / 2) ** 2;
  const truth = largest + Math.log1p(-1.6230581243607837e-7 / both);
  expect(upper).toBeGreaterThanOrEqual(truth - 1e-12);
  expect(lower).toBeLessThanOrEqual(largest);
  expect(upper - lower).toBeLessThanOrEqual(1e-3);
});

it('a window without a point is refused or answered by what else is known, never by an error of the engine', () => {
  const e = event.discreteGaussian({ noiseStd: 0.00004872248624702904, recordNorm: 1, dimension: 1 });
  const { lower, upper } = bounds(e, 'replace-one', 1.1267629035513774e-7, 14);
  expect(lower).toBeGreaterThan(1e8);
  expect(upper).toBeGreaterThanOrEqual(lower);
});

describe('a loss that is infinite', () => {
  it('is within the bounds of δ beyond every finite loss, whatever its logarithm was rounded to', () => {
    for (let k = 1; k <= 200; k++) {
      const delta = 0.9 ** k;
      const accountant = pldAccountant({ neighboring: 'add-or-remove' });
      const { lower, upper } = accountant.compose(event.epsilonDelta({ epsilon: 0.5, delta })).deltaBounds(1);
      expect(lower).toBeLessThanOrEqual(delta);
      expect(upper).toBeGreaterThanOrEqual(delta);
      expect(upper / lower - 1).toBeLessThan(1e-9);
    }
  });
});

describe('a composition that hangs on a single sum of losses is known within the promised width', () => {
  // All releases at their largest loss have a probability that rounds to 1, and δ = 1 − exp(ε − sum) below that sum.
  const pure = (epsilon: number) => event.epsilonDelta({ epsilon, delta: 0 });
  it.each([
    ['two of 900', pure(900), 'replace-special', 2, 9.7e-191, 1800],
    ['42 of 900', pure(900), 'replace-special', 42, 1.7e-14, 37_800],
    [
      '8 of discrete Laplace',
      event.discreteLaplace({ scale: 1 / 384, recordNorm: 1 }),
      'add-or-remove',
      8,
      1.9e-11,
      3072,
    ],
    [
      '10 of discrete Laplace, replaced',
      event.discreteLaplace({ scale: 1 / 548, recordNorm: 1 }),
      'replace-one',
      10,
      7e-239,
      10_960,
    ],
    [
      '2 of discrete Gaussian',
      event.discreteGaussian({ noiseStd: 1 / 2048, recordNorm: 1, dimension: 1 }),
      'add-or-remove',
      2,
      1e-5,
      2 * 2 ** 21,
    ],
  ] as const)('%s', (_, e, neighboring, count, delta, largest) => {
    const { lower, upper } = bounds(e, neighboring, delta, count);
    const truth = largest + Math.log1p(-delta);
    encloses({ lower, upper }, truth, 1e-9 * largest);
  });
});

it('next to nothing is released: both ends are next to 0', () => {
  const e = event.poissonSampled(1.9e-16, event.gaussian({ noiseStd: 0.003, recordNorm: 1 }));
  const { lower, upper, warnings } = pldAccountant({ neighboring: 'replace-special' })
    .compose(e, 521)
    .epsilonBounds(2e-9);
  expect([lower, warnings]).toEqual([0, []]);
  expect(upper).toBeLessThan(1e-12);
});
