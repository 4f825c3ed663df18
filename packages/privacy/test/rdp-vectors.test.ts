import { describe, expect, it } from 'vitest';
import { type DpEvent, event, type Neighboring, type RdpAccountant, rdpAccountant } from '../src/index.ts';
import { epsilonOfDivergence } from '../src/rdp/conversion.ts';
import { discreteGaussianSumDistance } from '../src/event/kinds/distributed-discrete-gaussian.ts';
import { vectors } from './vectors.ts';

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
const ORDERS = [...range(1.1, 10.9, 0.1), ...range(11, 63), 128, 256, 512, 1024];
const OPACUS_ORDERS = [...range(1.1, 10.9, 0.1), ...range(12, 63)];
const WHOLE_ORDERS = [...range(2, 128), 256];

const gaussian = (noiseStd: number, q = 1): DpEvent =>
  event.poissonSampled(q, event.gaussian({ noiseStd, recordNorm: 1 }));

function accountant(e: DpEvent, count = 1, neighboring: Neighboring = 'add-or-remove'): RdpAccountant {
  return rdpAccountant({ neighboring }).compose(e, count);
}

/** What a search over these orders finds; the accountant, which searches all, may only be lower. */
function gridEpsilon(made: RdpAccountant, delta: number, orders: readonly number[]): number {
  return Math.min(...orders.map((order) => epsilonOfDivergence(made.renyiDivergence(order), order, delta)));
}

function expectRelative(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected) + 1e-300);
}

describe('the Rényi divergence of the Poisson-sampled Gaussian', () => {
  it.each([
    ...vectors('rdp_value_poisson_gaussian_parity'),
    ...vectors('rdp_value_exact_poisson_gaussian'),
    ...vectors('published_rdp_value_exact'),
  ])('is exact, vector $id', ({ params: p, value, tolerance }) => {
    expectRelative(accountant(gaussian(p.sigma, p.q), p.steps ?? 1).renyiDivergence(p.order), value, tolerance);
  });

  it.each(vectors('published_rdp_value'))('published, vector $id', ({ params: p, value, tolerance }) => {
    // At fractional orders upstream drops signs; the exact values stand in the vectors' own note.
    const exact: Record<string, number> = { 1.5: 6.50071e-4, 2.5: 1.08542e-3 };
    const made = accountant(gaussian(p.sigma, p.q), p.steps);
    expectRelative(
      made.renyiDivergence(p.order),
      exact[p.order] ?? value,
      exact[p.order] === undefined ? tolerance : 1e-5,
    );
    expect(made.renyiDivergence(p.order)).toBeLessThanOrEqual(value * (1 + tolerance));
  });

  it.each(vectors('rdp_epsilon_exact_poisson_gaussian'))('gives ε on the usual orders, vector $id', (row) => {
    const p = row.params;
    const made = accountant(gaussian(p.sigma, p.q), p.steps);
    expectRelative(gridEpsilon(made, p.delta, ORDERS), row.value, row.tolerance);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(row.value * (1 + row.tolerance));
  });

  it.each(vectors('rdp_epsilon_poisson_gaussian_dp_accounting_parity'))('is at most upstream, vector $id', (row) => {
    const p = row.params;
    const made = accountant(gaussian(p.sigma, p.q), p.steps);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(row.value * (1 + row.tolerance));
    const opacus = row['opacus_rdp_epsilon'];
    // Opacus keeps the signs, so its grid and ours agree, unless its series overflowed.
    if (opacus !== undefined && row['opacus_order'] > 1.6)
      expectRelative(gridEpsilon(made, p.delta, OPACUS_ORDERS), opacus, 1e-6);
  });

  it.each([...vectors('published_tfp_rdp'), ...vectors('published_opacus_rdp')])('published ε, vector $id', (row) => {
    const p = row.params;
    const made = accountant(gaussian(p.sigma, p.q), p.steps);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(row.value * (1 + 1e-6));
    const orders = row['optimal_order'] === undefined ? OPACUS_ORDERS : [row['optimal_order']];
    expectRelative(gridEpsilon(made, p.delta, orders), row.value, row['optimal_order'] === undefined ? 1e-7 : 1e-6);
  });

  it.each(vectors('published_rdp_epsilon'))(
    'published ε without sampling, vector $id',
    ({ params: p, value, tolerance }) => {
      expect(Math.abs(accountant(gaussian(p.sigma)).epsilon(p.delta) - value)).toBeLessThanOrEqual(tolerance);
    },
  );
});

describe('other Rényi divergences', () => {
  it.each(vectors('rdp_value_laplace'))('Laplace, vector $id', ({ params: p, value, tolerance }) => {
    const made = accountant(event.laplace({ scale: p.scale, recordNorm: p.sensitivity }));
    expectRelative(made.renyiDivergence(p.order), value, tolerance);
  });

  it.each(vectors('rdp_epsilon_zcdp'))('zCDP, vector $id', ({ params: p, value, tolerance }) => {
    const made = accountant(event.zcdp({ rho: p.rho }));
    expectRelative(gridEpsilon(made, p.delta, ORDERS), value, tolerance);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(value);
  });

  it.each(vectors('rdp_epsilon_tree_single_epoch'))('trees, vector $id', ({ params: p, value, tolerance }) => {
    const steps: number[] = [p.step_counts].flat();
    const tree = event.treeAggregation({ noiseStd: p.sigma, recordNorm: 1, steps });
    expectRelative(gridEpsilon(accountant(tree, 1, 'replace-special'), p.delta, ORDERS), value, tolerance);
  });

  it.each(vectors('rdp_epsilon_wor_gaussian_replace_one'))('without replacement, vector $id', (row) => {
    const p = row.params;
    // The vector's σ is relative to the replace-one distance, two norms; noiseStd here is absolute.
    const inner = event.gaussian({ noiseStd: 2 * p.sigma, recordNorm: 1 });
    const e = event.sampledWithoutReplacement({ population: p.dataset_size, cohort: p.sample_size }, inner);
    const made = accountant(e, p.steps, 'replace-one');
    expectRelative(gridEpsilon(made, p.delta, [row['optimal_order']]), row.value, row.tolerance);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(row.value * (1 + row.tolerance));
  });

  it.each(vectors('published_rdp_value_randomized_response_replace_special'))(
    'randomized response, vector $id',
    (row) => {
      const p = row.params;
      const e = event.randomizedResponse({ noiseProbability: p.noise_parameter, buckets: p.num_buckets });
      const order = p.order === 'Infinity' ? 1e9 : p.order;
      expectRelative(accountant(e, 1, 'replace-special').renyiDivergence(order), row.value, row.tolerance);
    },
  );

  it.each(vectors('rdp_epsilon_exponential_composed'))('exponential, vector $id', ({ params: p, value, tolerance }) => {
    // Upstream is an upper bound; here each order has its own worst pair of bounded range.
    const made = accountant(event.exponential({ epsilon: p.epsilon }), p.count);
    expect(made.epsilon(p.delta)).toBeLessThanOrEqual(value * (1 + tolerance));
    expect(made.epsilon(p.delta)).toBeGreaterThan(0.8 * value);
    for (const order of [1.0001, 1.5, 2, 10, 100]) {
      let worst = 0;
      for (let i = 1; i < 2000; i++) {
        const t = (p.epsilon * i) / 2000;
        const q = (Math.exp(-t) - Math.exp(-p.epsilon)) / -Math.expm1(-p.epsilon);
        const moment = q * Math.exp(order * t) + (1 - q) * Math.exp(order * (t - p.epsilon));
        worst = Math.max(worst, Math.log(moment) / (order - 1));
      }
      expectRelative(made.renyiDivergence(order) / p.count, worst, 1e-5);
    }
  });

  it.each(vectors('published_rdp_epsilon_pure'))(
    'a constant divergence, vector $id',
    ({ params: p, value, tolerance }) => {
      const epsilons = range(2, 32).map((order) => epsilonOfDivergence(p.rdp, order, p.delta));
      expect(Math.abs(Math.min(...epsilons) - value)).toBeLessThanOrEqual(tolerance);
    },
  );

  it.each(vectors('skellam_rdp'))('Skellam, vector $id', ({ params: p, value, tolerance }) => {
    // The vector's scale multiplies values before they are rounded; events are in units of the integer grid.
    const e = event.skellam({
      variance: p.central_var * p.scale ** 2,
      recordNorm: p.l2_sens * p.scale,
      recordNormL1: p.l1_sens * p.scale,
    });
    expectRelative(accountant(e).renyiDivergence(p.order), value, tolerance);
  });

  it.each(vectors('ddgauss_tau'))(
    'distance of sums of discrete Gaussians, vector $id',
    ({ params: p, value, tolerance }) => {
      expectRelative(discreteGaussianSumDistance(p.local_sigma_integer_grid, p.num_clients), value, tolerance);
    },
  );
});

describe('distributed noise with rounding and sampling', () => {
  // Norms after conditional rounding (Kairouz, Liu and Steinke 2021, Proposition 22), as the vectors' source derives them.
  function rounded(norm: number, beta: number, dimension: number): { l2: number; l1: number } {
    const worst = norm + Math.sqrt(dimension);
    const likely = Math.sqrt(
      norm ** 2 + dimension / 4 + Math.sqrt(2 * Math.log(1 / beta)) * (norm + Math.sqrt(dimension) / 2),
    );
    const l2 = Math.min(worst, likely);
    return { l2, l1: l2 * Math.min(Math.sqrt(dimension), l2) };
  }

  it.each(vectors('skellam_epsilon'))('Skellam, vector $id', ({ params: p, value, tolerance }) => {
    const { l2, l1 } = rounded(p.l2_sens * p.scale, p.beta, p.dim);
    const e = event.skellam({ variance: (p.central_stddev * p.scale) ** 2, recordNorm: l2, recordNormL1: l1 });
    const made = accountant(event.poissonSampled(p.q, e), p.steps);
    expectRelative(gridEpsilon(made, p.delta, WHOLE_ORDERS), value, tolerance);
  });

  it.each(vectors('ddgauss_epsilon'))(
    'distributed discrete Gaussian, vector $id',
    ({ params: p, value, tolerance }) => {
      const { l2, l1 } = rounded(p.l2_sens / p.gamma, p.beta, p.dim);
      const e = event.distributedDiscreteGaussian({
        localNoiseStd: p.local_stddev / p.gamma,
        contributors: p.num_clients,
        recordNorm: l2,
        recordNormL1: l1,
        dimension: p.dim,
      });
      const made = accountant(event.poissonSampled(p.q, e), p.steps);
      expectRelative(gridEpsilon(made, p.delta, WHOLE_ORDERS), value, tolerance);
    },
  );
});
