import { describe, expect, it } from 'vitest';
import {
  adaptiveClipNoiseStd,
  analyticGaussianDelta,
  analyticGaussianEpsilon,
  analyticGaussianSigma,
  calibrateNoiseStd,
  type DpEvent,
  event,
  fixedCohortEpsilonBounds,
  pldAccountant,
  rdpAccountant,
} from '../src/index.ts';
import { vectors } from './vectors.ts';

const build =
  (q: number, steps: number) =>
  (noiseStd: number): DpEvent =>
    event.selfComposed(event.poissonSampled(q, event.gaussian({ noiseStd, recordNorm: 1 })), steps);

function expectRelative(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected) + 1e-300);
}

describe('the analytic Gaussian', () => {
  it.each(vectors('analytic_gaussian_sigma'))('σ, vector $id', ({ params, value, tolerance }) => {
    const { epsilon, delta, sensitivity } = params;
    expectRelative(analyticGaussianSigma({ epsilon, delta, sensitivity }), value, tolerance);
  });

  it.each(vectors('analytic_gaussian_epsilon'))('ε, vector $id', ({ params: p, value, tolerance }) => {
    const { sigma: noiseStd, delta, sensitivity } = p;
    expectRelative(analyticGaussianEpsilon({ noiseStd, delta, sensitivity }), value, tolerance);
  });

  it.each(vectors('analytic_gaussian_delta'))('δ, vector $id', ({ params: p, value, tolerance }) => {
    const { sigma: noiseStd, epsilon, sensitivity } = p;
    expectRelative(analyticGaussianDelta({ noiseStd, epsilon, sensitivity }), value, tolerance);
  });
});

describe('calibrated noise', () => {
  it.each(vectors('pld_calibrated_noise_multiplier'))('PLD, vector $id', ({ params: p, value, tolerance }) => {
    const target = { epsilon: p.target_epsilon, delta: p.target_delta, neighboring: 'add-or-remove' } as const;
    const noiseStd = calibrateNoiseStd({ ...target, event: build(p.q, p.steps) });
    expect(noiseStd).toBeLessThanOrEqual(value + tolerance);
    expect(noiseStd).toBeGreaterThanOrEqual(value - 2 * tolerance);
    const { lower } = pldAccountant({ neighboring: target.neighboring })
      .compose(build(p.q, p.steps)(noiseStd))
      .epsilonBounds(target.delta);
    expect(lower).toBeLessThanOrEqual(target.epsilon);
  });

  it.each([...vectors('rdp_calibrated_noise_multiplier'), ...vectors('opacus_rdp_noise_multiplier')])(
    'RDP, vector $id',
    ({ params: p, value, tolerance }) => {
      const target = { epsilon: p.target_epsilon, delta: p.target_delta, neighboring: 'add-or-remove' } as const;
      const noiseStd = calibrateNoiseStd({ ...target, accountant: 'rdp', event: build(p.q, p.steps) });
      // The continuous search over exact orders needs a little less noise than upstream's grid of loose ones.
      expect(noiseStd).toBeLessThanOrEqual(value + tolerance);
      expect(noiseStd).toBeGreaterThanOrEqual(value * 0.99 - tolerance);
      expect(
        rdpAccountant({ neighboring: target.neighboring }).compose(build(p.q, p.steps)(noiseStd)).epsilon(target.delta),
      ).toBeLessThanOrEqual(target.epsilon);
    },
  );

  it.each(vectors('opacus_prv_noise_multiplier'))('Opacus PRV, which adds 0.01 to ε, vector $id', (row) => {
    const p = row.params;
    const target = { epsilon: p.target_epsilon, delta: p.target_delta, neighboring: 'add-or-remove' } as const;
    const noiseStd = calibrateNoiseStd({ ...target, event: build(p.q, p.steps) });
    expect(noiseStd).toBeLessThanOrEqual(row.value + row.tolerance);
    expect(noiseStd).toBeGreaterThanOrEqual(row.value * (1 - 0.02 / p.target_epsilon) - row.tolerance);
  });

  it.each([
    ...vectors('published_opacus_noise_multiplier_rdp'),
    ...vectors('published_opacus_noise_multiplier_prv'),
    ...vectors('published_opacus_noise_multiplier_gdp'),
  ])('published by Opacus, to ε within 0.01, vector $id', ({ kind, params: p, value, tolerance }) => {
    const steps = p.steps ?? p.epochs / p.q;
    const accountant = kind.endsWith('rdp') ? 'rdp' : 'pld';
    const target = { epsilon: p.eps, delta: p.delta, neighboring: 'add-or-remove', accountant } as const;
    const noiseStd = calibrateNoiseStd({ ...target, event: build(p.q, steps) });
    if (kind.endsWith('gdp')) expect(noiseStd).toBeGreaterThan(value);
    else {
      expect(noiseStd).toBeLessThanOrEqual(value + tolerance);
      expect(noiseStd).toBeGreaterThanOrEqual(value - 3e-3);
    }
  });

  it.each(vectors('published_pld_smallest_subsampled_gaussian_std'))('published by Google, vector $id', (row) => {
    const p = row.params;
    const noiseStd = calibrateNoiseStd({
      epsilon: p.epsilon,
      delta: p.delta,
      neighboring: 'add-or-remove',
      tolerance: 1e-8,
      event: (std) =>
        event.selfComposed(
          event.poissonSampled(p.q, event.gaussian({ noiseStd: std, recordNorm: p.sensitivity })),
          p.num_queries,
        ),
    });
    // Upstream rounds losses up to its interval of 1e-4, and stops within its own tolerance.
    expect(noiseStd).toBeLessThanOrEqual(row.value + 2e-5 * row.value);
    expect(noiseStd).toBeGreaterThanOrEqual(row.value * (1 - 1e-4));
  });

  it.each(vectors('published_pld_smallest_laplace'))('Laplace, vector $id', ({ params: p, value, tolerance }) => {
    const scale = calibrateNoiseStd({
      epsilon: p.epsilon,
      delta: p.delta,
      neighboring: 'add-or-remove',
      event: (s) => event.selfComposed(event.laplace({ scale: s, recordNorm: p.sensitivity }), p.num_queries),
    });
    expect(Math.abs(scale - value)).toBeLessThanOrEqual(tolerance);
  });

  it.each(vectors('published_tfp_example_privacy'))('the example of TensorFlow Privacy, vector $id', (row) => {
    const p = row.params;
    // 1.2 epochs of 10,000 examples in batches of 100: 120 rounds that share everyone once, or Poisson at 1 %. Microbatches
    // double the distance.
    const sampled = p.poisson_q !== null;
    const rounds = sampled ? Math.ceil(p.num_epochs / p.poisson_q) : Math.ceil(p.num_epochs);
    const inner = event.gaussian({ noiseStd: p.sigma / (p.microbatching ? 2 : 1), recordNorm: 1 });
    const e = sampled ? event.poissonSampled(p.poisson_q, inner) : inner;
    const made =
      p.accountant === 'RDP'
        ? rdpAccountant({ neighboring: 'add-or-remove' })
        : pldAccountant({ neighboring: 'add-or-remove', discretization: 1e-4 });
    const epsilon = made.compose(e, rounds).epsilon(p.delta);
    expect(epsilon).toBeLessThanOrEqual(row.value * (1 + 1e-6));
    // Upstream's orders are a grid; PLD's interval here is upstream's own.
    expect(epsilon).toBeGreaterThanOrEqual(row.value * (1 - (p.accountant === 'RDP' ? 1e-3 : 1e-6)));
  });

  it.each(vectors('adaptive_clip_value_noise_multiplier'))('split for an adaptive clip, vector $id', (row) => {
    const { total_noise_multiplier: noiseStd, expected_clients: clients, clipped_count_stddev: std } = row.params;
    const value = adaptiveClipNoiseStd({ noiseStd, clipNorm: 1, countStd: std ?? clients / 20 });
    expectRelative(value, row.value, row.tolerance);
  });
});

describe('a cohort of fixed size', () => {
  it.each(vectors('wor_replace_one_lower_bound'))(
    'is not Poisson, vector $id',
    ({ params: p, value, tolerance, ...row }) => {
      const population = 1e6;
      const { lower, upper } = fixedCohortEpsilonBounds({
        noiseStd: p.sigma_over_clip,
        recordNorm: 1,
        population,
        cohort: Math.round(p.q * population),
        rounds: p.steps,
        delta: p.delta,
      });
      expect(Math.abs(lower - value)).toBeLessThanOrEqual(tolerance);
      expect(upper).toBeGreaterThanOrEqual(lower);
      expect(lower).toBeGreaterThan(row['poisson_add_remove_epsilon']);
    },
  );
});
