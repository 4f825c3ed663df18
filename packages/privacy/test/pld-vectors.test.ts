import { describe, expect, it } from 'vitest';
import {
  type DpEvent,
  event,
  type Neighboring,
  type PldAccountant,
  pldAccountant,
  truePositiveRate,
} from '../src/index.ts';
import direct from './vectors/direct-convolution.json' with { type: 'json' };
import { vectors } from './vectors.ts';

const relation: Record<string, Neighboring> = {
  ADD_OR_REMOVE_ONE: 'add-or-remove',
  REPLACE_ONE: 'replace-one',
  REPLACE_SPECIAL: 'replace-special',
};

// dp_accounting's PLD states σ relative to the record's norm under every relation, as events here do.
const gaussian = (sigma: number, q = 1): DpEvent =>
  event.poissonSampled(q, event.gaussian({ noiseStd: sigma, recordNorm: 1 }));

function accountant(neighboring: string | undefined, ...parts: [DpEvent, number][]): PldAccountant {
  const made = pldAccountant({ neighboring: relation[neighboring ?? 'ADD_OR_REMOVE_ONE'] });
  for (const [e, count] of parts) made.compose(e, count);
  return made;
}

/** The interval is narrow, reaches no higher than a looser upper bound, and covers what is known to be true. */
function check(made: PldAccountant, delta: number, expected: number, tolerance: number, below = -Infinity): void {
  const { lower, upper } = made.epsilonBounds(delta);
  expect(upper - lower).toBeLessThanOrEqual(1e-3 * Math.max(upper, 1));
  expect(upper).toBeLessThanOrEqual(expected + tolerance);
  expect(lower).toBeLessThanOrEqual(expected + 1e-9 + 1e-6 * expected);
  expect(upper).toBeGreaterThanOrEqual(below - 1e-9);
}

describe('the PLD of the Poisson-sampled Gaussian', () => {
  it.each(vectors('pld_epsilon_poisson_gaussian'))('ε, vector $id', ({ params: p, value, tolerance, ...row }) => {
    const made = accountant(p.neighboring, [gaussian(p.sigma, p.q), p.steps]);
    check(made, p.delta, value, tolerance, row['optimistic_bucket_epsilon']);
    const exact = row['exact_analytic'];
    if (exact !== undefined) {
      const { lower, upper } = made.epsilonBounds(p.delta);
      expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-12));
      expect(upper).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
    }
  });

  it.each(vectors('pld_epsilon_fine_poisson_gaussian'))('ε on the finest grid, vector $id', ({ params: p, value }) => {
    const made = accountant(p.neighboring, [gaussian(p.sigma, p.q), p.steps]);
    const { lower, upper } = made.epsilonBounds(p.delta);
    expect(lower).toBeLessThanOrEqual(value + 1e-6);
    expect(Math.abs(upper - value)).toBeLessThanOrEqual(1e-3);
  });

  it.each(vectors('pld_delta_poisson_gaussian'))('δ, vector $id', ({ params: p, value, tolerance, ...row }) => {
    const { lower, upper } = accountant(p.neighboring, [gaussian(p.sigma, p.q), p.steps]).deltaBounds(p.epsilon);
    // A plain FFT leaves the upstream values with an absolute error of some 1e-13: deltas above 1, and at 1e-11 a few
    // tenths of a percent, which `direct` below shows to be upstream's.
    const roundOff = 1e-13;
    expect(upper).toBeLessThanOrEqual(Math.min(value, 1) * (1 + tolerance) + roundOff);
    expect(upper).toBeGreaterThanOrEqual(row['optimistic_bucket_delta'] * (1 - 1e-6));
    expect(lower).toBeLessThanOrEqual(value * (1 + 1e-6) + roundOff);
    expect(lower).toBeGreaterThanOrEqual(upper * (1 - 2e-3));
  });

  it.each(direct.vectors)('δ without an FFT, σ $sigma, q $q, $steps steps', (row) => {
    const { lower, upper } = accountant(undefined, [gaussian(row.sigma, row.q), row.steps]).deltaBounds(row.epsilon);
    // Connect-the-dots masses at 1e-4, so slightly above the truth.
    expect(lower).toBeLessThanOrEqual(row.delta);
    expect(upper).toBeGreaterThanOrEqual(row.delta * (1 - 5e-4));
  });

  it.each(vectors('pld_epsilon_poisson_gaussian_replace_one'))('under replace-one, vector $id', (row) => {
    const p = row.params;
    check(accountant(p.neighboring, [gaussian(p.sigma, p.q), p.steps]), p.delta, row.value, row.tolerance);
  });

  it.each(vectors('prv_epsilon_bounds_poisson_gaussian'))('within Microsoft PRV bounds, vector $id', (row) => {
    const { sigma, q, steps, delta } = row.params;
    const [low, , high] = row.value;
    const { lower, upper } = accountant(undefined, [gaussian(sigma, q), steps]).epsilonBounds(delta);
    expect(upper).toBeGreaterThanOrEqual(low);
    expect(lower).toBeLessThanOrEqual(high);
    // A valid ε is never as small as the central limit theorem's, which is no bound.
    expect(lower).toBeGreaterThan(row['opacus_gdp_clt_epsilon'] ?? 0);
  });

  it.each(vectors('published_opacus_prv_upper'))('Opacus PRV, which adds 0.01, vector $id', (row) => {
    const { sigma, q, steps, delta } = row.params;
    const { lower, upper } = accountant(undefined, [gaussian(sigma, q), steps]).epsilonBounds(delta);
    expect(upper).toBeLessThanOrEqual(row.value + row.tolerance);
    expect(lower).toBeGreaterThanOrEqual(row.value - 0.02 - 1e-3 * Math.max(1, row.value));
    expect(Math.abs(row.value - 0.01 - upper)).toBeLessThanOrEqual(2e-3);
  });

  it.each(vectors('published_opacus_gdp'))('exceeds the central limit theorem, vector $id', ({ params: p, value }) => {
    const { lower } = accountant(undefined, [gaussian(p.sigma, p.q), p.steps]).epsilonBounds(p.delta);
    expect(lower).toBeGreaterThan(value[1]);
  });

  it.each(vectors('published_pld_delta'))('published δ, vector $id', ({ params: p, value, tolerance }) => {
    const { lower, upper } = accountant(undefined, [gaussian(p.sigma, p.q), p.steps]).deltaBounds(p.epsilon);
    expect(Math.abs(upper - value)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(lower - value)).toBeLessThanOrEqual(tolerance);
  });
});

describe('the PLD of other events', () => {
  it.each(vectors('pld_epsilon_poisson_laplace'))('Laplace, vector $id', ({ params: p, value, tolerance }) => {
    const e = event.poissonSampled(p.q, event.laplace({ scale: p.scale, recordNorm: p.sensitivity }));
    check(accountant(p.neighboring, [e, p.steps]), p.delta, value, tolerance);
  });

  it.each(vectors('pld_epsilon_discrete_gaussian'))('discrete Gaussian, vector $id', (row) => {
    const p = row.params;
    const inner = event.discreteGaussian({ noiseStd: p.sigma, recordNorm: p.sensitivity, dimension: 1 });
    const made = accountant(p.neighboring, [event.poissonSampled(p.q, inner), p.steps]);
    check(made, p.delta, row.value, row.tolerance);
  });

  it.each(vectors('pld_epsilon_discrete_laplace'))(
    'discrete Laplace, vector $id',
    ({ params: p, value, tolerance }) => {
      const e = event.discreteLaplace({ scale: 1 / p.parameter, recordNorm: p.sensitivity });
      check(accountant(undefined, [e, p.steps]), p.delta, value, tolerance);
    },
  );

  it.each(vectors('pld_epsilon_mixture_of_gaussians'))('mixture of Gaussians, vector $id', (row) => {
    const p = row.params;
    const e = event.mixtureOfGaussians({
      noiseStd: p.standard_deviation,
      norms: p.sensitivities,
      probabilities: p.sampling_probs,
    });
    check(accountant(undefined, [e, p.steps]), p.delta, row.value, row.tolerance);
  });

  it.each(vectors('pld_epsilon_truncated_poisson_gaussian'))('truncated Poisson, vector $id', (row) => {
    const p = row.params;
    const e = event.truncatedPoissonSampled(
      { population: p.dataset_size, probability: p.q, maxCohort: p.truncated_batch_size },
      event.gaussian({ noiseStd: p.sigma, recordNorm: 1 }),
    );
    check(accountant(p.neighboring, [e, p.steps]), p.delta, row.value, row.tolerance);
  });

  it.each([...vectors('pld_epsilon_heterogeneous'), ...vectors('prv_epsilon_bounds_heterogeneous')])(
    'different events together, vector $id',
    ({ params: p, value, tolerance }) => {
      const made = accountant(
        undefined,
        [gaussian(0.8, 0.005), 100],
        [gaussian(8), 200],
        [event.laplace({ scale: 10, recordNorm: 1 }), 100],
      );
      if (typeof value === 'number') check(made, p.delta, value, tolerance);
      else {
        const { lower, upper } = made.epsilonBounds(p.delta);
        expect(upper).toBeGreaterThanOrEqual(value[0]);
        expect(lower).toBeLessThanOrEqual(value[2]);
      }
    },
  );

  it.each(vectors('pld_epsilon_randomized_response_composed'))('randomized response, vector $id', (row) => {
    const p = row.params;
    const e = event.randomizedResponse({ noiseProbability: p.noise_parameter, buckets: p.num_buckets });
    check(accountant(p.neighboring, [e, p.count]), p.delta, row.value, row.tolerance);
    check(
      accountant(p.neighboring, ...Array.from({ length: p.count }, (): [DpEvent, number] => [e, 1])),
      p.delta,
      row.value,
      row.tolerance,
    );
  });

  it.each(vectors('published_pld_epsilon_poisson_laplace'))(
    'δ = 1e-14, vector $id',
    ({ params: p, value, tolerance }) => {
      const e = event.poissonSampled(p.q, event.laplace({ scale: p.scale, recordNorm: 1 }));
      // Published to six digits.
      check(accountant(undefined, [e, p.steps]), p.delta, value + 5e-6, tolerance);
    },
  );

  it.each(vectors('published_pld_epsilon_mog'))('published mixtures, vector $id', ({ params: p, value, tolerance }) => {
    const made = pldAccountant({ neighboring: 'add-or-remove', discretization: 1e-4 });
    for (const [noiseStd, norms, probabilities, count] of p.events) {
      made.compose(event.mixtureOfGaussians({ noiseStd, norms, probabilities }), count);
    }
    expect(Math.abs(made.epsilon(p.delta) - value)).toBeLessThanOrEqual(tolerance);
  });

  it.each(vectors('published_pld_epsilon_truncated'))('published truncated, vector $id', (row) => {
    const made = pldAccountant({ neighboring: 'add-or-remove', discretization: 1e-4 });
    for (const [population, probability, maxCohort, noiseStd, count] of row.params.events) {
      const inner = event.gaussian({ noiseStd, recordNorm: 1 });
      made.compose(event.truncatedPoissonSampled({ population, probability, maxCohort }, inner), count);
    }
    expect(Math.abs(made.epsilon(row.params.delta) - row.value)).toBeLessThanOrEqual(row.tolerance);
  });
});

describe('the trade-off curve', () => {
  it.each(vectors('pld_true_positive_rate'))('vector $id', ({ params: p, value, tolerance }) => {
    const made = accountant(undefined, [gaussian(p.sigma, p.q), p.steps]);
    p.fpr.forEach((fpr: number, i: number) => {
      const { lower, upper } = truePositiveRate(made, fpr);
      // Upstream minimizes over 600 points only, and rounds up.
      expect(upper).toBeLessThanOrEqual(value[i] * (1 + tolerance));
      expect(lower).toBeGreaterThanOrEqual(value[i] * (1 - tolerance));
      expect(upper - lower).toBeLessThanOrEqual(1e-3 * upper);
    });
  });

  it.each([...vectors('published_pld_tpr'), ...vectors('published_gaussian_tpr_at_fpr')])(
    'published, vector $id',
    (row) => {
      const p = row.params;
      const { lower, upper } = truePositiveRate(accountant(undefined, [gaussian(p.sigma), p.steps ?? 1]), p.fpr);
      expect(Math.abs(upper / row.value - 1)).toBeLessThanOrEqual(2e-3);
      expect(Math.abs(lower / row.value - 1)).toBeLessThanOrEqual(2e-3);
    },
  );
});
