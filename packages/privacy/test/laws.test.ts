import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  calibrateNoiseStd,
  calibrateSamplingProbability,
  calibrateSteps,
  type DpEvent,
  deserializeAccountant,
  event,
  type Neighboring,
  pldAccountant,
  rdpAccountant,
  supportMatrix,
} from '../src/index.ts';
import { supportName } from '../src/support.ts';
import { flatten } from '../src/event/flatten.ts';

// A cheap, moderately private instance of every row of the support matrix, by its noise; `noise` 1 is the middle.
const samples: Record<string, (noise: number) => DpEvent> = {
  gaussian: (n) => event.gaussian({ noiseStd: 3 * n, recordNorm: 1 }),
  laplace: (n) => event.laplace({ scale: 4 * n, recordNorm: 1 }),
  'discrete-gaussian (scalar)': (n) => event.discreteGaussian({ noiseStd: 6 * n, recordNorm: 2, dimension: 1 }),
  'discrete-gaussian (wide)': (n) => event.discreteGaussian({ noiseStd: 60 * n, recordNorm: 25.5 }),
  'discrete-gaussian': (n) => event.discreteGaussian({ noiseStd: 2.4 * n, recordNorm: 1 }),
  'distributed-discrete-gaussian': (n) =>
    event.distributedDiscreteGaussian({ localNoiseStd: 3 * n, contributors: 20, recordNorm: 4, dimension: 8 }),
  'discrete-laplace': (n) => event.discreteLaplace({ scale: 8 * n, recordNorm: 2 }),
  skellam: (n) => event.skellam({ variance: 400 * n * n, recordNorm: 5 }),
  'randomized-response': (n) => event.randomizedResponse({ noiseProbability: Math.min(0.6 * n, 1), buckets: 4 }),
  exponential: (n) => event.exponential({ epsilon: 0.3 / n }),
  zcdp: (n) => event.zcdp({ rho: 0.05 / n }),
  'epsilon-delta': (n) => event.epsilonDelta({ epsilon: 0.3 / n, delta: 1e-9 }),
  'mixture-of-gaussians': (n) =>
    event.mixtureOfGaussians({ noiseStd: 2 * n, norms: [0, 1, 2], probabilities: [0.8, 0.15, 0.05] }),
  'truncated-poisson-sampled gaussian': (n) =>
    event.truncatedPoissonSampled({ population: 1000, probability: 0.01, maxCohort: 20 }, gaussianOf(n)),
  'sampled-without-replacement gaussian': (n) =>
    event.sampledWithoutReplacement(
      { population: 1000, cohort: 10 },
      event.gaussian({ noiseStd: 4 * n, recordNorm: 1 }),
    ),
  'tree-aggregation': (n) => event.treeAggregation({ noiseStd: 8 * n, recordNorm: 1, steps: [100, 50] }),
};
const gaussianOf = (n: number) => event.gaussian({ noiseStd: 1.2 * n, recordNorm: 1 });
const POISSON = 'poisson-sampled ';

function sample(name: string, noise = 1, probability = 0.05): DpEvent {
  if (name === 'poisson-sampled gaussian') return event.poissonSampled(probability, gaussianOf(noise));
  if (name.startsWith(POISSON)) return event.poissonSampled(probability, samples[name.slice(POISSON.length)](noise));
  return samples[name](noise);
}

type Combination = { name: string; accountant: 'pld' | 'rdp'; neighboring: Neighboring };
const combinations: Combination[] = supportMatrix.flatMap((row) =>
  (['pld', 'rdp'] as const).flatMap((accountant) =>
    (Object.keys(row[accountant]) as Neighboring[]).map((neighboring) => ({
      name: row.event,
      accountant,
      neighboring,
    })),
  ),
);
const DELTA = 1e-6;
const title = '$accountant, $neighboring, $name';

function bounds(
  { accountant, neighboring }: Combination,
  ...parts: [DpEvent, number][]
): { lower: number; upper: number } {
  if (accountant === 'rdp') {
    const made = rdpAccountant({ neighboring });
    for (const [e, n] of parts) made.compose(e, n);
    const epsilon = made.epsilon(DELTA);
    return { lower: epsilon, upper: epsilon };
  }
  const made = pldAccountant({ neighboring });
  for (const [e, n] of parts) made.compose(e, n);
  return made.epsilonBounds(DELTA);
}

function overlap(a: { lower: number; upper: number }, b: { lower: number; upper: number }): void {
  const slack = 1e-12 * Math.max(a.upper, b.upper);
  expect(a.lower).toBeLessThanOrEqual(b.upper + slack);
  expect(b.lower).toBeLessThanOrEqual(a.upper + slack);
}

describe('laws of every event, accountant and relation', () => {
  it('has a sample for every row', () => {
    for (const { event: name } of supportMatrix) {
      const [leaf] = flatten('test', sample(name), 1);
      expect(supportName(leaf.event)).toBe(name);
    }
  });

  it.each(combinations)(`composing n times is composing a count: ${title}`, (c) => {
    const e = sample(c.name);
    const counted = bounds(c, [e, 7]);
    overlap(counted, bounds(c, ...Array.from({ length: 7 }, (): [DpEvent, number] => [e, 1])));
    overlap(counted, bounds(c, [event.selfComposed(e, 7), 1]));
    overlap(counted, bounds(c, [event.composed([e, event.selfComposed(e, 2), e]), 1], [e, 3]));
    if (c.accountant === 'rdp') {
      const { neighboring } = c;
      const once = rdpAccountant({ neighboring }).compose(e).renyiDivergence(3.7);
      const seven = rdpAccountant({ neighboring }).compose(e, 7).renyiDivergence(3.7);
      expect(Math.abs(seven / (7 * once) - 1)).toBeLessThanOrEqual(1e-12);
    }
  });

  it.each(combinations)(`more noise, fewer steps, less sampling cost no more: ${title}`, (c) => {
    const middle = bounds(c, [sample(c.name), 20]);
    const slack = 1e-12 * middle.upper;
    expect(bounds(c, [sample(c.name, 1.25), 20]).lower).toBeLessThanOrEqual(middle.upper + slack);
    expect(bounds(c, [sample(c.name), 16]).lower).toBeLessThanOrEqual(middle.upper + slack);
    if (c.name.startsWith(POISSON)) {
      expect(bounds(c, [sample(c.name, 1, 0.04), 20]).lower).toBeLessThanOrEqual(middle.upper + slack);
      const whole = sample(c.name, 1, 1);
      expect(middle.lower).toBeLessThanOrEqual(bounds(c, [whole, 20]).upper + slack);
    }
  });

  it.each(combinations)(`the order of composition changes nothing: ${title}`, (c) => {
    const a = sample(c.name);
    const b = sample(c.name, 1.5);
    expect(bounds(c, [a, 3], [b, 5])).toEqual(bounds(c, [b, 5], [a, 3]));
  });

  it.each(combinations.filter(({ accountant }) => accountant === 'pld'))(`PLD is within RDP: ${title}`, (c) => {
    const row = supportMatrix.find(({ event: name }) => name === c.name);
    const rdp = row?.rdp[c.neighboring];
    const { lower, upper } = bounds(c, [sample(c.name), 30]);
    expect(lower).toBeLessThanOrEqual(upper);
    expect(upper - lower).toBeLessThanOrEqual(1e-3 * Math.max(1, upper));
    // A pair that only dominates may lose more than a Rényi bound made for the mechanism itself.
    if (rdp === undefined || row?.pld[c.neighboring] === 'bound') return;
    const renyi = bounds({ ...c, accountant: 'rdp' }, [sample(c.name), 30]).upper;
    expect(lower).toBeLessThanOrEqual(renyi);
    expect(upper).toBeLessThanOrEqual(renyi + 1e-3 * Math.max(1, upper));
  });

  it.each(combinations)(`δ of ε of δ is no more than δ: ${title}`, (c) => {
    const make = c.accountant === 'rdp' ? rdpAccountant : pldAccountant;
    const made = make({ neighboring: c.neighboring }).compose(sample(c.name), 12);
    expect(made.delta(made.epsilon(DELTA))).toBeLessThanOrEqual(DELTA * 1.02);
    expect(made.delta(0)).toBeLessThanOrEqual(1);
    expect(made.delta(0)).toBeGreaterThanOrEqual(made.delta(0.5));
    expect(made.epsilon(1e-9 + 1e-6)).toBeGreaterThanOrEqual(made.epsilon(1e-3) - 1e-3);
  });

  it.each(combinations)(`survives a round trip through bytes: ${title}`, (c) => {
    const make = c.accountant === 'rdp' ? rdpAccountant : pldAccountant;
    const made = make({ neighboring: c.neighboring }).compose(sample(c.name), 3).compose(sample(c.name, 1.1));
    const copy = deserializeAccountant(made.serialize());
    expect(copy.kind).toBe(c.accountant);
    expect(copy.serialize()).toEqual(made.serialize());
    expect(copy.epsilon(DELTA)).toBe(made.epsilon(DELTA));
  });
});

describe('laws on random compositions of sampled events', () => {
  const logUniform = (low: number, high: number) =>
    fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp);
  const plain: fc.Arbitrary<DpEvent> = fc.oneof(
    logUniform(0.5, 200).map((scale) => event.laplace({ scale, recordNorm: 1 })),
    logUniform(0.5, 200).map((scale) => event.discreteLaplace({ scale, recordNorm: 2 })),
    logUniform(0.5, 10).map((noiseStd) => event.gaussian({ noiseStd, recordNorm: 1 })),
    logUniform(50, 5000).map((variance) => event.skellam({ variance, recordNorm: 5 })),
    logUniform(1e-4, 1).map((rho) => event.zcdp({ rho })),
  );
  const sampled = fc.tuple(logUniform(1e-3, 0.8), plain).map(([q, e]) => event.poissonSampled(q, e));
  const part = fc.tuple(sampled, logUniform(1, 3000).map(Math.ceil));
  const laplace = event.laplace({ scale: 11.898, recordNorm: 1 });
  const skellam = event.skellam({ variance: 367.87, recordNorm: 5 });

  it('the δ of the Rényi ε of δ is δ, whatever valleys its bounds have', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), logUniform(1e-15, 0.1), (parts, delta) => {
        const made = rdpAccountant({ neighboring: 'add-or-remove' });
        for (const [e, count] of parts) made.compose(e, count);
        expect(made.delta(made.epsilon(delta))).toBeLessThanOrEqual(delta * 1.001);
      }),
      {
        numRuns: 60,
        seed: 10,
        // Between orders 257 and 2049, at the largest loss, and at orders 5 and 10.
        examples: [
          [[[event.poissonSampled(0.003049, event.zcdp({ rho: 0.003354 })), 85]], 1.447e-10],
          [[[event.poissonSampled(0.07374, laplace), 32]], 1.7e-13],
          [
            [
              [event.poissonSampled(0.02462, event.zcdp({ rho: 2.715e-4 })), 1110],
              [event.poissonSampled(0.4802, skellam), 17],
            ],
            5.8e-5,
          ],
        ],
      },
    );
  });
});

describe('laws on random Poisson-sampled Gaussians', () => {
  const parameters = fc.record({
    noiseStd: fc.double({ min: 0.7, max: 6, noNaN: true }),
    probability: fc.double({ min: 1e-3, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 2000 }),
    logDelta: fc.double({ min: -25, max: -2, noNaN: true }),
  });

  it('the certified interval is narrow and below the exact Rényi bound', () => {
    fc.assert(
      fc.property(parameters, ({ noiseStd, probability, steps, logDelta }) => {
        const e = event.poissonSampled(probability, event.gaussian({ noiseStd, recordNorm: 1 }));
        const delta = Math.exp(logDelta);
        const { lower, upper } = pldAccountant({ neighboring: 'add-or-remove' }).compose(e, steps).epsilonBounds(delta);
        const renyi = rdpAccountant({ neighboring: 'add-or-remove' }).compose(e, steps).epsilon(delta);
        expect(lower).toBeLessThanOrEqual(upper);
        expect(upper - lower).toBeLessThanOrEqual(1e-3 * Math.max(1, upper));
        expect(lower).toBeLessThanOrEqual(renyi * (1 + 1e-9));
      }),
      { numRuns: 40, seed: 6 },
    );
  });

  it('replace-one of unsampled noise is twice the distance', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 20, noNaN: true }), (noiseStd) => {
        const wide = pldAccountant({ neighboring: 'replace-one' }).compose(
          event.gaussian({ noiseStd, recordNorm: 1 }),
          5,
        );
        const near = pldAccountant({ neighboring: 'add-or-remove' }).compose(
          event.gaussian({ noiseStd, recordNorm: 2 }),
          5,
        );
        expect(wide.epsilonBounds(DELTA)).toEqual(near.epsilonBounds(DELTA));
      }),
      { numRuns: 10, seed: 7 },
    );
  });

  it('n Gaussians are one of √n times the distance', () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 30, noNaN: true }), fc.integer({ min: 2, max: 400 }), (noiseStd, n) => {
        const many = pldAccountant({ neighboring: 'add-or-remove' }).compose(
          event.gaussian({ noiseStd, recordNorm: 1 }),
          n,
        );
        const one = pldAccountant({ neighboring: 'add-or-remove' }).compose(
          event.gaussian({ noiseStd, recordNorm: Math.sqrt(n) }),
        );
        overlap(many.epsilonBounds(1e-12), one.epsilonBounds(1e-12));
        overlap(many.epsilonBounds(1e-40), one.epsilonBounds(1e-40));
        overlap(many.epsilonBounds(1e-200), one.epsilonBounds(1e-200));
      }),
      { numRuns: 12, seed: 8 },
    );
  });
});

describe('calibration', () => {
  const target = fc.record({
    epsilon: fc.double({ min: 0.2, max: 12, noNaN: true }),
    steps: fc.integer({ min: 1, max: 500 }),
    probability: fc.double({ min: 0.005, max: 1, noNaN: true }),
  });

  it('noise meets its target, and a little less does not', () => {
    fc.assert(
      fc.property(
        target,
        fc.constantFrom('pld' as const, 'rdp' as const),
        ({ epsilon, steps, probability }, accountant) => {
          const neighboring = 'add-or-remove' as const;
          const build = (noiseStd: number): DpEvent =>
            event.selfComposed(event.poissonSampled(probability, event.gaussian({ noiseStd, recordNorm: 1 })), steps);
          const noiseStd = calibrateNoiseStd({ epsilon, delta: DELTA, neighboring, accountant, event: build });
          const combination = { name: '', accountant, neighboring };
          expect(bounds(combination, [build(noiseStd), 1]).lower).toBeLessThanOrEqual(epsilon);
          expect(bounds(combination, [build(noiseStd * 0.997), 1]).upper).toBeGreaterThan(epsilon);
        },
      ),
      { numRuns: 8, seed: 9 },
    );
  });

  it('steps are the most that fit', () => {
    const neighboring = 'add-or-remove' as const;
    const e = event.poissonSampled(0.02, event.gaussian({ noiseStd: 1, recordNorm: 1 }));
    for (const accountant of ['pld', 'rdp'] as const) {
      const steps = calibrateSteps({ epsilon: 3, delta: DELTA, neighboring, accountant, event: e });
      const combination = { name: '', accountant, neighboring };
      expect(bounds(combination, [e, steps]).lower).toBeLessThanOrEqual(3);
      expect(bounds(combination, [e, steps + 5]).upper).toBeGreaterThan(3);
    }
    expect(calibrateSteps({ epsilon: 1e-3, delta: DELTA, neighboring, event: e })).toBe(0);
  });

  it('the sampling probability is the largest that fits', () => {
    const neighboring = 'add-or-remove' as const;
    const build = (p: number): DpEvent =>
      event.selfComposed(event.poissonSampled(p, event.gaussian({ noiseStd: 2, recordNorm: 1 })), 100);
    const p = calibrateSamplingProbability({ epsilon: 1, delta: DELTA, neighboring, event: build });
    const combination = { name: '', accountant: 'pld' as const, neighboring };
    expect(bounds(combination, [build(p), 1]).lower).toBeLessThanOrEqual(1);
    expect(bounds(combination, [build(p * 1.01), 1]).upper).toBeGreaterThan(1);
    const easy = { epsilon: 500, delta: DELTA, neighboring, event: build };
    expect(calibrateSamplingProbability(easy)).toBe(1);
  });
});
