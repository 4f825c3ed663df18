import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { dirichlet, gamma, normal } from './index.ts';

const COUNT = 100_000;

/** Sample mean and variance, and the Kolmogorov distance where a distribution function is given. */
function moments(draw: () => number) {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < COUNT; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  return { mean: sum / COUNT, variance: squares / COUNT - (sum / COUNT) ** 2 };
}

describe('seeded draws', () => {
  it('repeat for ever', () => {
    const rng = seededRng(42);
    expect([normal(rng), gamma(rng, 0.3), gamma(rng, 7), ...dirichlet(rng, [0.5, 1, 2])]).toMatchInlineSnapshot(`
      [
        -0.5688794386617072,
        0.0037835563142119186,
        6.666368766960024,
        0.1606257628071852,
        0.0847594397356832,
        0.7546147974571316,
      ]
    `);
  });

  // Bounds at 6 standard errors: each false failure has a probability below 2e-9 (the seeds are fixed).
  it('are standard normal', () => {
    const rng = seededRng('normal');
    const tail = { beyond1: 0, beyond2: 0 };
    const { mean, variance } = moments(() => {
      const x = normal(rng);
      if (Math.abs(x) > 1) tail.beyond1++;
      if (Math.abs(x) > 2) tail.beyond2++;
      return x;
    });
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(COUNT));
    expect(Math.abs(variance - 1)).toBeLessThan(6 * Math.sqrt(2 / COUNT));
    expect(Math.abs(tail.beyond1 / COUNT - 0.3173105)).toBeLessThan(6 * Math.sqrt((0.3173 * 0.6827) / COUNT));
    expect(Math.abs(tail.beyond2 / COUNT - 0.0455003)).toBeLessThan(6 * Math.sqrt((0.0455 * 0.9545) / COUNT));
  });

  it.each([0.05, 0.5, 1, 2.5, 100])('are gamma distributed with shape %s', (shape) => {
    const rng = seededRng(`gamma ${shape}`);
    const { mean, variance } = moments(() => gamma(rng, shape));
    expect(Math.abs(mean - shape)).toBeLessThan(6 * Math.sqrt(shape / COUNT));
    // Var(s²) = (μ4 − σ⁴)/n with μ4 = 3 shape² + 6 shape.
    expect(Math.abs(variance - shape)).toBeLessThan(6 * Math.sqrt((2 * shape * shape + 6 * shape) / COUNT));
  });

  it('share a whole, also with concentrations that underflow', () => {
    const rng = seededRng('dirichlet');
    for (const alpha of [1e-300, 1e-4, 0.1, 1, 1e6]) {
      const shares = dirichlet(rng, new Float64Array(10).fill(alpha));
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(shares.every((share) => share >= 0)).toBe(true);
    }
    const first = moments(() => dirichlet(rng, [1, 2, 5])[0]);
    expect(Math.abs(first.mean - 1 / 8)).toBeLessThan(6 * Math.sqrt(7 / 576 / COUNT));
  });

  it.each([0, -1, Number.NaN, Infinity])('refuse the shape %s', (shape) => {
    expect(() => gamma(seededRng(1), shape)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => dirichlet(seededRng(1), [1, shape])).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
