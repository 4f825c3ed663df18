/**
 * A continuous Gaussian release from which a discrete one can be had by post-processing, so that every bound for the
 * Gaussian holds for discrete Gaussian noise of any dimension too, under sampling and in the loss distribution.
 *
 * Proof. Let y = x + N(0, τ²) for an integer vector x, and draw z_i from the discrete Gaussian on the integers centered at y_i with
 * parameter s. Its normalizer Θ(y_i) = Σ_k exp(−(k − y_i)²/2s²) is √(2π)s·(1 ± κ), κ = 2 Σ_j exp(−2π²s²j²), by Poisson summation,
 * so z given x has mass proportional to exp(−‖z − x‖²/2(τ² + s²)) up to a factor (1 ± κ)^±2 a coordinate: that is x plus discrete
 * Gaussian noise of variance τ² + s². With s² = 5 and at most 2^50 coordinates the densities agree within a factor
 * 1 ± 1e-27, mixtures over samples as well; a shade less noise than τ covers that many times over.
 *
 * @module
 */
import type { DiscreteGaussianEvent, GaussianEvent } from './types.ts';

/** s²: what of the discrete noise's variance pays for making it discrete. */
const SMOOTHING_VARIANCE = 5;

/** Noise below which the dominating Gaussian would be far too small to say anything: 10 % is lost here. */
export const LEAST_DOMINATED_STD = 5;

/** A Gaussian event that costs at least as much as `event`, and hardly more where its noise is wide; none if it is narrow. */
export function dominatingGaussian({ noiseStd, recordNorm }: DiscreteGaussianEvent): GaussianEvent | undefined {
  if (noiseStd < LEAST_DOMINATED_STD) return undefined;
  const std = Math.sqrt(noiseStd * noiseStd - SMOOTHING_VARIANCE) * (1 - 2 ** -40);
  return { kind: 'gaussian', noiseStd: std, recordNorm };
}
