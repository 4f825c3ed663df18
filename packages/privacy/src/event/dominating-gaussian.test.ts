import { describe, expect, it } from 'vitest';
import { pldAccountant } from '../pld/accountant.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { dominatingGaussian } from './dominating-gaussian.ts';
import { event } from './event.ts';

const relation = { neighboring: 'add-or-remove' } as const;

describe('dominatingGaussian', () => {
  it('rounds a continuous Gaussian into the discrete one, to 1e-15 at every point', () => {
    // z ~ discrete Gaussian of parameter √5 around y ~ N(0, σ² − 5), integrated by the trapezoidal rule, which converges
    // geometrically for such integrands.
    const variance = 30;
    const step = 1 / 16;
    let total = 0;
    for (let k = -80; k <= 80; k++) total += Math.exp((-k * k) / (2 * variance));
    for (const z of [0, 1, 5, 17, 30]) {
      let mass = 0;
      for (let y = -60; y <= 60; y += step) {
        let normalizer = 0;
        for (let k = Math.floor(y) - 30; k <= y + 30; k++) normalizer += Math.exp(-((k - y) ** 2) / 10);
        const density = Math.exp((-y * y) / (2 * (variance - 5))) / Math.sqrt(2 * Math.PI * (variance - 5));
        mass += (step * density * Math.exp(-((z - y) ** 2) / 10)) / normalizer;
      }
      const discrete = Math.exp((-z * z) / (2 * variance)) / total;
      expect(Math.abs(mass / discrete - 1)).toBeLessThan(1e-13);
    }
  });

  it('costs no less than the discrete event where both are known, and little more', () => {
    for (const [noiseStd, recordNorm] of [
      [5, 3],
      [20, 20],
      [100, 50],
    ]) {
      const discrete = event.discreteGaussian({ noiseStd, recordNorm, dimension: 1 });
      const gaussian = event.gaussian(dominatingGaussian(discrete));
      const [low, high] = [discrete, gaussian].map((e) =>
        pldAccountant(relation).compose(event.poissonSampled(0.1, e), 100).epsilonBounds(1e-6),
      );
      expect(high.upper).toBeGreaterThan(low.lower);
      if (noiseStd >= 20) expect(high.upper).toBeLessThan(1.02 * low.upper);
    }
  });

  it('lets both accountants amplify many-dimensional discrete noise almost as a Gaussian', () => {
    const wide = event.poissonSampled(
      0.01,
      event.discreteGaussian({ noiseStd: 1000, recordNorm: 1000, dimension: 7850 }),
    );
    const ideal = event.poissonSampled(0.01, event.gaussian({ noiseStd: 1000, recordNorm: 1000 }));
    for (const make of [pldAccountant, rdpAccountant]) {
      const epsilon = make(relation).compose(wide, 1000).epsilon(1e-5);
      const least = make(relation).compose(ideal, 1000).epsilon(1e-5);
      expect(epsilon).toBeGreaterThanOrEqual(least);
      expect(epsilon).toBeLessThan(1.001 * least);
    }
  });

  it('is refused by name where the noise is too narrow', () => {
    const narrow = event.discreteGaussian({ noiseStd: 2, recordNorm: 1, dimension: 3 });
    expect(() => pldAccountant(relation).compose(narrow).epsilon(1e-5)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_EVENT' }),
    );
    expect(rdpAccountant(relation).compose(narrow).epsilon(1e-5)).toBeGreaterThan(0);
  });
});
