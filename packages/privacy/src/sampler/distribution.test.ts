import { describe, expect, it } from 'vitest';
import { chiSquare } from '../../test/chi-square.ts';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import { discreteGaussianSampler, type SamplerMethod } from './discrete-gaussian.ts';
import { discreteLaplaceSampler } from './discrete-laplace.ts';
import type { IntegerSampler } from './integer-sampler.ts';
import { skellamSampler } from './skellam.ts';

// False-failure probability of every chi-square here: at most 1e-6 (test/chi-square.ts); seeds are fixed.

function draws(sampler: IntegerSampler, seed: string, count = 200_000): Float64Array {
  const values = new Float64Array(count);
  sampler.addTo(values, insecureTestRng(seed));
  return values;
}

function normalized(weight: (k: number) => number, reach: number): (k: number) => number {
  let total = 0;
  for (let k = -reach; k <= reach; k++) total += weight(k);
  return (k) => weight(k) / total;
}

const gaussian = (variance: number) => (k: number) => Math.exp((-k * k) / (2 * variance));
const laplace = (scale: number) => (k: number) => Math.exp(-Math.abs(k) / scale);

describe.each(['table', 'rejection'] as SamplerMethod[])('chi-square, %s', (method) => {
  it.each([0.3, 1, 2.5, 16, 1024, 40000, 1048576])('discrete Gaussian of variance %d', (variance) => {
    const reach = Math.ceil(12 * Math.sqrt(variance)) + 4;
    const samples = draws(discreteGaussianSampler({ variance, method }), `g${method}${variance}`);
    const { statistic, limit } = chiSquare(samples, normalized(gaussian(variance), reach), reach);
    expect(statistic).toBeLessThan(limit);
  });

  it.each([0.4, 1, 3, 50, 1000.5])('discrete Laplace of scale %d', (scale) => {
    const reach = Math.ceil(60 * scale) + 4;
    const samples = draws(discreteLaplaceSampler({ scale, method }), `l${method}${scale}`);
    const { statistic, limit } = chiSquare(samples, normalized(laplace(scale), reach), reach);
    expect(statistic).toBeLessThan(limit);
  });
});

describe('wide and Skellam', () => {
  it.each([2 ** 44, 2 ** 68, 2 ** 90])(
    'discrete Gaussian of variance %d, in 64 cells of the normal distribution',
    (variance) => {
      const cells = 64;
      const sigma = Math.sqrt(variance);
      const samples = draws(discreteGaussianSampler({ variance }), `wide${variance}`, 50_000);
      // At this width the discrete and the continuous distribution function agree to 1e-6 at any point.
      const counts = new Float64Array(cells);
      for (const sample of samples) counts[Math.min(cells - 1, Math.floor(normalCdf(sample / sigma) * cells))]++;
      const expected = samples.length / cells;
      const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(statistic).toBeLessThan(63 + 2 * Math.sqrt(63 * Math.log(1e6)) + 2 * Math.log(1e6));
    },
  );

  it.each([0.2, 1, 9, 400])('Skellam of variance %d', (variance) => {
    const reach = Math.ceil(14 * Math.sqrt(variance)) + 12;
    const mass = skellamMass(variance, reach);
    const samples = draws(skellamSampler({ variance }), `s${variance}`);
    const { statistic, limit } = chiSquare(samples, (k) => mass[Math.abs(k)], reach);
    expect(statistic).toBeLessThan(limit);
  });

  it('sums narrower Skellams where the table would be large', () => {
    // 2^25 is two draws of 2^24; the sample variance of 20,000 has relative deviation 1 %, so 5.2 % fails with probability 1e-6.
    const samples = draws(skellamSampler({ variance: 2 ** 25 }), 'sum', 20_000);
    const variance = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    expect(Math.abs(variance / 2 ** 25 - 1)).toBeLessThan(0.052);
  });
});

describe('bad parameters', () => {
  it.each([0, -1, Number.NaN, Infinity, 2 ** 91])('are refused: %d', (value) => {
    const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });
    expect(() => discreteGaussianSampler({ variance: value })).toThrow(outOfRange);
    expect(() => discreteLaplaceSampler({ scale: value })).toThrow(outOfRange);
    expect(() => skellamSampler({ variance: value })).toThrow(outOfRange);
  });

  it('include a table wider than its words, and an unknown method', () => {
    expect(() => discreteGaussianSampler({ variance: 2 ** 71, method: 'table' })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    expect(() => discreteGaussianSampler({ variance: 1, method: 'fast' as SamplerMethod })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

/** e^(−v) I_k(v) for k = 0 … reach: the two Poisson variables summed directly. */
function skellamMass(variance: number, reach: number): Float64Array {
  const mean = variance / 2;
  const poisson = [Math.exp(-mean)];
  for (let j = 1; j < mean + 40 * Math.sqrt(mean) + 60 + reach; j++) poisson.push((poisson[j - 1] * mean) / j);
  return Float64Array.from({ length: reach + 1 }, (_, k) =>
    poisson.reduce((sum, mass, j) => sum + (j + k < poisson.length ? mass * poisson[j + k] : 0), 0),
  );
}

/** Φ(x) after Marsaglia (2004): exact to 1e-15. */
function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let sum = x;
  let term = x;
  for (let i = 3; sum + term !== sum; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp((-x * x) / 2 - 0.9189385332046728);
}
