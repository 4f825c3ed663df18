/**
 * Sums of discrete Gaussians (Kairouz, Liu and Steinke 2021).
 *
 * @module
 */
import { checkInteger, checkPositive } from '@fedkit/core/internal';
import { distanceFactor } from '../../neighboring.ts';
import { amplified } from '../../rdp/amplified.ts';
import { exp } from '../../special/elementary.ts';
import { BOUND, JOINING_BOUND, NONE, type SupportRow } from '../../support.ts';
import { checkFields, checkL1, checkRatio, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { DistributedDiscreteGaussianEvent, Made } from '../types.ts';

/** @internal */
export const DISTRIBUTED_ROW: SupportRow = { event: 'distributed-discrete-gaussian', pld: NONE, rdp: BOUND };
/** @internal */
export const SAMPLED_DISTRIBUTED_ROW: SupportRow = {
  event: 'poisson-sampled distributed-discrete-gaussian',
  pld: NONE,
  rdp: JOINING_BOUND,
};

/**
 * One release of a sum to which every contributor added discrete Gaussian noise of its own (Kairouz, Liu and Steinke 2021).
 *
 * @param options - Noise of each of `contributors`; the guarantee is only as good as all of them adding theirs.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function distributedDiscreteGaussian(
  options: Fields<DistributedDiscreteGaussianEvent>,
): Made<DistributedDiscreteGaussianEvent> {
  const where = 'event.distributedDiscreteGaussian';
  checkFields<DistributedDiscreteGaussianEvent>(where, options, {
    localNoiseStd: true,
    contributors: true,
    recordNorm: true,
    recordNormL1: true,
    dimension: true,
  });
  const localNoiseStd = checkPositive(`${where}: localNoiseStd`, options.localNoiseStd);
  const contributors = checkInteger(`${where}: contributors`, options.contributors, 1, 1e9);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  const dimension = checkInteger(`${where}: dimension`, options.dimension, 1);
  checkRatio(where, localNoiseStd * Math.sqrt(contributors), recordNorm);
  const l1 = checkL1(where, options.recordNormL1);
  return made(DISTRIBUTED_DISCRETE_GAUSSIAN, {
    kind: 'distributed-discrete-gaussian',
    localNoiseStd,
    contributors,
    recordNorm,
    ...l1,
    dimension,
  });
}

/** @internal */
export const DISTRIBUTED_DISCRETE_GAUSSIAN: EventKind<DistributedDiscreteGaussianEvent> = {
  check: distributedDiscreteGaussian,
  known: (event) => ({
    row: DISTRIBUTED_ROW,
    divergence: (neighboring) => divergenceOfSum(event, distanceFactor(neighboring)),
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_DISTRIBUTED_ROW,
    divergence: (neighboring) => amplified(probability, divergenceOfSum(event, distanceFactor(neighboring))),
  }),
};

/** Kairouz, Liu and Steinke 2021, Theorem 1: the sum is within τ of a discrete Gaussian in every coordinate. */
function divergenceOfSum(event: DistributedDiscreteGaussianEvent, factor: number): (order: number) => number {
  const { localNoiseStd, contributors, recordNorm, recordNormL1, dimension } = event;
  const scale = localNoiseStd * Math.sqrt(contributors);
  const l1 = recordNormL1 ?? Math.min(recordNorm * Math.sqrt(dimension), recordNorm * recordNorm);
  const d2 = (factor * recordNorm) / scale;
  const d1 = (factor * l1) / scale;
  const tau = discreteGaussianSumDistance(localNoiseStd, contributors);
  return (order) =>
    Math.min(
      0.5 * order * d2 * d2 + tau * dimension,
      0.5 * order * (d2 * d2 + 2 * d1 * tau + tau * tau * dimension),
      0.5 * order * (d2 + Math.sqrt(dimension) * tau) ** 2,
    );
}

/**
 * τ = 10·Σ exp(−2π²σ²k/(k + 1)), k = 1 … n − 1: how far the sum of n discrete Gaussians of parameter σ is from one (Kairouz,
 * Liu and Steinke 2021, Theorem 1).
 */
export function discreteGaussianSumDistance(localNoiseStd: number, contributors: number): number {
  const exponent = -2 * Math.PI * Math.PI * localNoiseStd * localNoiseStd;
  // Terms fall towards exp(exponent); beyond 2^16 of them the next bounds the rest.
  const exact = Math.min(contributors - 1, 1 << 16);
  let sum = 0;
  for (let k = 1; k <= exact; k++) sum += exp((exponent * k) / (k + 1));
  const rest = contributors - 1 - exact;
  if (rest > 0) sum += rest * exp((exponent * (exact + 1)) / (exact + 2));
  return 10 * sum;
}
