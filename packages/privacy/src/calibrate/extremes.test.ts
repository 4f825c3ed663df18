/** Calibrations at the ends of what they accept: they end, and with the noise that is due. */
import { describe, expect, it } from 'vitest';
import { event } from '../event/event.ts';
import { adaptiveClipNoiseStd } from './adaptive-clip-noise.ts';
import { analyticGaussianDelta, analyticGaussianSigma } from './analytic-gaussian.ts';
import { calibrateNoiseStd } from './calibrate.ts';

describe('noise', () => {
  it('is found where float64 does not resolve its logarithm to the tolerance', () => {
    // δ = Δ/(√(2π)·σ) for wide noise at ε = 0.
    const sigma = analyticGaussianSigma({ sensitivity: 1, epsilon: 0, delta: 1e-250 });
    expect(sigma * 1e-250 * Math.sqrt(2 * Math.PI)).toBeCloseTo(1, 11);
    expect(analyticGaussianDelta({ sensitivity: 1, noiseStd: sigma, epsilon: 0 }) / 1e-250).toBeCloseTo(1, 11);
  });

  it('is little where nearly everything is allowed', () => {
    // ε = Δ²/(2σ²) for narrow noise.
    const sigma = analyticGaussianSigma({ sensitivity: 1, epsilon: 1e300, delta: 1e-5 });
    expect(sigma * Math.SQRT2 * 1e150).toBeCloseTo(1, 11);
  });

  it.each([1e-16, 1e-300])('is calibrated to a tolerance of %f, as far as float64 goes', (tolerance) => {
    const target = { epsilon: 2, delta: 1e-5, neighboring: 'add-or-remove', accountant: 'rdp' } as const;
    const release = (noiseStd: number) => event.gaussian({ noiseStd, recordNorm: 1 });
    const coarse = calibrateNoiseStd({ ...target, tolerance: 1e-9, event: release });
    const fine = calibrateNoiseStd({ ...target, tolerance, event: release });
    expect(Math.abs(fine / coarse - 1)).toBeLessThan(2e-9);
  });

  it.each([1e-200, 1e-160, 1, 1e200])('is split at any scale: %f norms', (noise) => {
    const clipNorm = noise < 1 ? 1 : noise;
    const noiseStd = adaptiveClipNoiseStd({ noiseStd: noise, clipNorm, countStd: 1 });
    const share = noise / clipNorm / 2;
    expect(noiseStd / noise).toBeCloseTo(1 / Math.sqrt(1 - share * share), 12);
  });
});
