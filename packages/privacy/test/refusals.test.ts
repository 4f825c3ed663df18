import { isFedkitError, type SamplingScheme } from '@fedkit/core';
import { utf8Decode, utf8Encode } from '@fedkit/core/internal';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adaptiveClipNoiseStd,
  analyticGaussianDelta,
  analyticGaussianSigma,
  calibrateNoiseStd,
  calibrateSteps,
  type DpEvent,
  deserializeAccountant,
  event,
  fixedCohortEpsilonBounds,
  type Neighboring,
  pldAccountant,
  privacyStatement,
  rdpAccountant,
  supportMatrix,
} from '../src/index.ts';

/** The code with which `run` is refused; fails if it is not. */
function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isFedkitError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

const bad = [Number.NaN, 0, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const gaussian = event.gaussian({ noiseStd: 1, recordNorm: 1 });

describe('numbers outside their range', () => {
  it.each(bad)('noise and norms: %d', (value) => {
    const makers: (() => DpEvent)[] = [
      () => event.gaussian({ noiseStd: value, recordNorm: 1 }),
      () => event.gaussian({ noiseStd: 1, recordNorm: value }),
      () => event.laplace({ scale: value, recordNorm: 1 }),
      () => event.discreteGaussian({ noiseStd: value, recordNorm: 1 }),
      () => event.discreteLaplace({ scale: value, recordNorm: 1 }),
      () => event.skellam({ variance: value, recordNorm: 1 }),
      () => event.zcdp({ rho: value }),
      () => event.exponential({ epsilon: value }),
      () => event.treeAggregation({ noiseStd: value, recordNorm: 1, steps: [1] }),
      () => event.mixtureOfGaussians({ noiseStd: value, norms: [1], probabilities: [1] }),
      () => event.distributedDiscreteGaussian({ localNoiseStd: value, contributors: 2, recordNorm: 1, dimension: 1 }),
    ];
    for (const make of makers) expect(refusal(make).code).toBe('OUT_OF_RANGE');
  });

  it.each([...bad, 1.000001, 2])('probabilities: %d', (value) => {
    expect(refusal(() => event.poissonSampled(value, gaussian)).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => event.randomizedResponse({ noiseProbability: value, buckets: 2 })).code).toBe('OUT_OF_RANGE');
  });

  it.each([...bad, 1, 1.5, 1e-300])('δ: %d', (value) => {
    for (const make of [pldAccountant, rdpAccountant]) {
      const made = make({ neighboring: 'add-or-remove' }).compose(gaussian);
      expect(refusal(() => made.epsilon(value)).code).toBe('OUT_OF_RANGE');
    }
    expect(refusal(() => analyticGaussianSigma({ epsilon: 1, delta: value, sensitivity: 1 })).code).toBe(
      'OUT_OF_RANGE',
    );
  });

  it.each([Number.NaN, -1e-9, Number.POSITIVE_INFINITY])('ε: %d', (value) => {
    const made = pldAccountant({ neighboring: 'add-or-remove' }).compose(gaussian);
    expect(refusal(() => made.delta(value)).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => analyticGaussianDelta({ noiseStd: 1, sensitivity: 1, epsilon: value })).code).toBe(
      'OUT_OF_RANGE',
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('counts: %d', (value) => {
    for (const make of [pldAccountant, rdpAccountant]) {
      const made = make({ neighboring: 'add-or-remove' }).compose(gaussian);
      const before = made.serialize();
      expect(refusal(() => made.compose(gaussian, value)).code).toBe('OUT_OF_RANGE');
      expect(made.serialize()).toEqual(before);
    }
    expect(refusal(() => event.selfComposed(gaussian, value)).code).toBe('OUT_OF_RANGE');
  });

  it('counts that only overflow together', () => {
    const made = rdpAccountant({ neighboring: 'add-or-remove' }).compose(gaussian, 2 ** 52);
    expect(refusal(() => made.compose(gaussian, 2 ** 52)).code).toBe('OVERFLOW');
    expect(refusal(() => made.compose(event.selfComposed(gaussian, 2 ** 30), 2 ** 30)).code).toBe('OVERFLOW');
  });

  it('lists, shapes and combinations', () => {
    expect(refusal(() => event.composed([])).code).toBe('INVALID_ARGUMENT');
    expect(refusal(() => event.treeAggregation({ noiseStd: 1, recordNorm: 1, steps: [] })).code).toBe(
      'INVALID_ARGUMENT',
    );
    expect(refusal(() => event.epsilonDelta({ epsilon: 0, delta: 0 })).code).toBe('INVALID_ARGUMENT');
    const mixture = { noiseStd: 1, norms: [0, 1], probabilities: [0.5, 0.4] };
    expect(refusal(() => event.mixtureOfGaussians(mixture)).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => event.mixtureOfGaussians({ ...mixture, probabilities: [1] })).code).toBe('SHAPE_MISMATCH');
    expect(refusal(() => event.sampledWithoutReplacement({ population: 3, cohort: 4 }, gaussian)).code).toBe(
      'OUT_OF_RANGE',
    );
    expect(refusal(() => adaptiveClipNoiseStd({ noiseStd: 2, clipNorm: 1, countStd: 1 })).code).toBe('OUT_OF_RANGE');
  });
});

describe('accountants', () => {
  it('refuse to begin without a relation', () => {
    for (const make of [pldAccountant, rdpAccountant]) {
      // @ts-expect-error the relation is required
      expect(refusal(() => make({})).code).toBe('INVALID_ARGUMENT');
      // @ts-expect-error the relation is required
      expect(refusal(() => make()).code).toBe('INVALID_ARGUMENT');
      expect(refusal(() => make({ neighboring: 'remove' as Neighboring })).code).toBe('INVALID_ARGUMENT');
    }
    expect(refusal(() => pldAccountant({ neighboring: 'replace-one', discretization: 0 })).code).toBe('OUT_OF_RANGE');
  });

  it('refuse by name what the matrix lacks, and stay as they were', () => {
    const relations: Neighboring[] = ['add-or-remove', 'replace-one', 'replace-special'];
    const tree = event.treeAggregation({ noiseStd: 1, recordNorm: 1, steps: [3] });
    const events: [string, DpEvent][] = [
      ['tree-aggregation', tree],
      ['zcdp', event.zcdp({ rho: 1 })],
      ['sampled-without-replacement gaussian', event.sampledWithoutReplacement({ population: 9, cohort: 2 }, gaussian)],
      ['mixture-of-gaussians', event.mixtureOfGaussians({ noiseStd: 1, norms: [1], probabilities: [1] })],
      ['randomized-response', event.randomizedResponse({ noiseProbability: 0.5, buckets: 3 })],
      ['poisson-sampled tree-aggregation', event.poissonSampled(0.1, tree)],
      ['poisson-sampled laplace', event.poissonSampled(0.1, event.laplace({ scale: 1, recordNorm: 1 }))],
      ['poisson-sampled composed', event.poissonSampled(0.1, event.composed([gaussian, gaussian]))],
      ['discrete-gaussian', event.discreteGaussian({ noiseStd: 2, recordNorm: 1 })],
    ];
    for (const [name, e] of events) {
      for (const kind of ['pld', 'rdp'] as const) {
        for (const neighboring of relations) {
          const row = supportMatrix.find((r) => r.event === name);
          const made = (kind === 'pld' ? pldAccountant : rdpAccountant)({ neighboring }).compose(gaussian);
          const before = made.serialize();
          if (row?.[kind][neighboring] !== undefined) {
            made.compose(e);
            continue;
          }
          const { code, message } = refusal(() => made.compose(event.composed([gaussian, e])));
          expect(code).toBe('UNSUPPORTED_EVENT');
          expect(message).toContain(neighboring);
          expect(made.serialize()).toEqual(before);
        }
      }
    }
  });

  it('name the probability below which no ε is finite', () => {
    const leaky = event.epsilonDelta({ epsilon: 1, delta: 1e-4 });
    for (const make of [pldAccountant, rdpAccountant]) {
      const made = make({ neighboring: 'add-or-remove' }).compose(leaky, 10);
      const { code, message } = refusal(() => made.epsilon(9e-4));
      expect(code).toBe('OUT_OF_RANGE');
      expect(message).toContain('infinite loss');
      expect(made.epsilon(2e-3)).toBeGreaterThan(0);
    }
  });

  it('never give NaN or infinity, from δ = 1e-250 to almost 1', () => {
    for (const delta of [1e-250, 1e-100, 1e-30, 1e-15, 1e-14, 1e-13, 1e-5, 0.5, 0.99, 1 - 1e-12]) {
      for (const e of [gaussian, event.poissonSampled(0.01, gaussian), event.laplace({ scale: 3, recordNorm: 1 })]) {
        const { lower, upper } = pldAccountant({ neighboring: 'add-or-remove' }).compose(e, 50).epsilonBounds(delta);
        expect(Number.isFinite(upper)).toBe(true);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(lower).toBeLessThanOrEqual(upper);
        expect(Number.isFinite(rdpAccountant({ neighboring: 'add-or-remove' }).compose(e, 50).epsilon(delta))).toBe(
          true,
        );
      }
    }
  });

  it('warn of a δ above one over the number of users', () => {
    const made = pldAccountant({ neighboring: 'add-or-remove' }).compose(gaussian);
    expect(made.epsilonBounds(1e-3, { users: 1000 }).warnings).toEqual([]);
    expect(made.epsilonBounds(2e-3, { users: 1000 }).warnings[0]).toMatch(/above 1\/users/);
    expect(refusal(() => made.epsilonBounds(1e-3, { users: 0.5 })).code).toBe('OUT_OF_RANGE');
  });
});

describe('sampling', () => {
  it('a fixed cohort is not Poisson, in types and in plain JavaScript', () => {
    const fixed = { kind: 'fixed', population: 100, cohort: 10 } as const satisfies SamplingScheme;
    // @ts-expect-error Poisson accounting of a fixed cohort does not compile
    const { code, message } = refusal(() => event.poissonSampled(fixed, gaussian));
    expect(code).toBe('UNSUPPORTED_EVENT');
    expect(message).toContain('sampledWithoutReplacement');
    // @ts-expect-error no sampling that may be counted on
    expect(refusal(() => event.poissonSampled({ kind: 'none' }, gaussian)).code).toBe('UNSUPPORTED_EVENT');
    expect(event.poissonSampled({ kind: 'poisson', probability: 0.1 }, gaussian)).toEqual(
      event.poissonSampled(0.1, gaussian),
    );
  });

  it('noise without a clip does not compile', () => {
    // @ts-expect-error the clip is missing
    expect(refusal(() => event.gaussian({ noiseStd: 1 })).code).toBe('INVALID_ARGUMENT');
    // @ts-expect-error a bare ratio is no event
    expect(refusal(() => event.gaussian(1.1)).code).toBe('INVALID_ARGUMENT');
  });

  it('cohorts and statements', () => {
    const cohort = { noiseStd: 1, recordNorm: 1, population: 10, cohort: 11, rounds: 1, delta: 1e-5 };
    expect(refusal(() => fixedCohortEpsilonBounds(cohort)).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => fixedCohortEpsilonBounds({ ...cohort, cohort: 2, rounds: 0 })).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => privacyStatement(undefined as never)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('calibration', () => {
  const target = { epsilon: 1, delta: 1e-5, neighboring: 'add-or-remove' } as const;

  it('refuses targets and builders', () => {
    const build = (noiseStd: number): DpEvent => event.gaussian({ noiseStd, recordNorm: 1 });
    for (const epsilon of bad)
      expect(refusal(() => calibrateNoiseStd({ ...target, epsilon, event: build })).code).toBe('OUT_OF_RANGE');
    expect(refusal(() => calibrateNoiseStd({ ...target, event: 1 as never })).code).toBe('INVALID_ARGUMENT');
    expect(refusal(() => calibrateNoiseStd({ ...target, accountant: 'gdp' as never, event: build })).code).toBe(
      'INVALID_ARGUMENT',
    );
    const leaky = (): DpEvent => event.epsilonDelta({ epsilon: 0.1, delta: 1e-3 });
    expect(refusal(() => calibrateNoiseStd({ ...target, event: leaky })).code).toBe('OUT_OF_RANGE');
    const tree = event.treeAggregation({ noiseStd: 1, recordNorm: 1, steps: [3] });
    expect(refusal(() => calibrateNoiseStd({ ...target, event: () => tree })).code).toBe('UNSUPPORTED_EVENT');
    expect(refusal(() => calibrateSteps({ ...target, event: tree })).code).toBe('UNSUPPORTED_EVENT');
    expect(
      refusal(() => calibrateSteps({ ...target, event: event.epsilonDelta({ epsilon: 0, delta: 1e-300 }) })).code,
    ).toBe('OUT_OF_RANGE');
  });
});

describe('serialized accountants', () => {
  const bytes = pldAccountant({ neighboring: 'replace-one', discretization: 1e-3 })
    .compose(event.poissonSampled(0.1, gaussian), 5)
    .compose(event.laplace({ scale: 2, recordNorm: 1 }))
    .serialize();
  const state = JSON.parse(utf8Decode(bytes)) as Record<string, unknown>;

  it('any truncation or changed byte is refused or still a valid accountant', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const hostile = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) hostile[at] = value;
        try {
          expect(deserializeAccountant(hostile).serialize().length).toBeGreaterThan(0);
        } catch (error) {
          expect(isFedkitError(error, 'DECODE_FAILED')).toBe(true);
        }
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it.each([
    ['another format', { format: 'x' }],
    ['another version', { version: 2 }],
    ['no accountant', { accountant: 'gdp' }],
    ['no relation', { neighboring: 'none' }],
    ['an interval of 0', { discretization: 0 }],
    ['entries that are no list', { entries: {} }],
    ['entries that are no objects', { entries: [1] }],
    ['an unknown event', { entries: [{ event: { kind: 'x' }, count: 1 }] }],
    ['a refused event', { entries: [{ event: { kind: 'gaussian', noiseStd: -1, recordNorm: 1 }, count: 1 }] }],
    ['an unsupported event', { entries: [{ event: { kind: 'zcdp', rho: 1 }, count: 1 }] }],
    ['a count of 1.5', { entries: [{ event: gaussian, count: 1.5 }] }],
    ['no count', { entries: [{ event: gaussian }] }],
  ])('refuses %s', (_, change) => {
    const changed = utf8Encode(JSON.stringify({ ...state, ...change }));
    expect(refusal(() => deserializeAccountant(changed)).code).toBe('DECODE_FAILED');
  });

  it('takes nesting 16 deep, and refuses more, and bytes that are not JSON', () => {
    const nested = (depth: number): Uint8Array => {
      const deep = `${'{"kind":"self-composed","count":1,"event":'.repeat(depth)}${JSON.stringify(gaussian)}${'}'.repeat(depth)}`;
      return utf8Encode(JSON.stringify({ ...state, entries: [{ event: 'DEEP', count: 1 }] }).replace('"DEEP"', deep));
    };
    expect(deserializeAccountant(nested(16)).epsilon(1e-5)).toBeGreaterThan(0);
    for (const depth of [17, 1000, 100_000]) {
      expect(refusal(() => deserializeAccountant(nested(depth))).code).toBe('DECODE_FAILED');
    }
    expect(refusal(() => deserializeAccountant(Uint8Array.of(0xff, 0))).code).toBe('DECODE_FAILED');
    expect(refusal(() => deserializeAccountant(utf8Encode('null'))).code).toBe('DECODE_FAILED');
    expect(refusal(() => deserializeAccountant('x' as never)).code).toBe('INVALID_ARGUMENT');
  });
});
