/**
 * Distributed noise: every client adds a share to its own integers before secure aggregation sums them modulo 2^bits, so that
 * nobody ever holds a sum without noise. Kairouz, Liu and Steinke, ICML 2021, arXiv 2102.06387 (discrete Gaussian); Agarwal,
 * Kairouz and Liu, NeurIPS 2021, arXiv 2110.04995 (Skellam).
 *
 * Proof. A client's integers satisfy Σ k_i² ≤ squaredBound: conditional stochastic rounding is repeated until an exact integer
 * comparison says so. Of the survivors, `colluders` know their own shares; what hides an honest client from them is the sum
 * of the other survivors' shares, at least minimumSurvivors − colluders of them, each exact (sampler/). Skellam shares sum to a
 * Skellam variable exactly; discrete Gaussian shares sum to something near a discrete Gaussian, and the event charges the
 * distance. Reduction modulo 2^bits, scaling and rotating back are post-processing; wrapping costs accuracy, never privacy.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkPositive,
  checkVector,
  refuse,
} from '@fedkit/core/internal';
import { l2Norm } from '../clip/l2.ts';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';
import type { IntegerSampler } from '../sampler/integer-sampler.ts';
import { skellamSampler } from '../sampler/skellam.ts';
import { integerL1Bound, modularScale, roundedNormBound, standardDeviationsFor } from './parameters.ts';
import { type Ball, roundConditionally } from './rounding.ts';
import { exp } from '../special/elementary.ts';

/** What a distributed mechanism is made of. Norms and noise are in the unit of the values. */
export interface DistributedOptions {
  /** d, the length of what is encoded: of the rotated, padded vector where one rotates, and one should. */
  readonly size: number;
  /** C > 0: each client's vector is clipped to this L2 norm. */
  readonly clip: number;
  /** σ > 0: standard deviation, on each coordinate of the sum, of the noise that is left when only the fewest survive. */
  readonly noiseStd: number;
  /** b, 2 to 30: sums are taken modulo 2^b. */
  readonly bits: number;
  /** The most clients that one sum can hold. */
  readonly maximumContributors: number;
  /** The fewest survivors with which a sum is decoded; secure aggregation must refuse to open fewer. */
  readonly minimumSurvivors: number;
  /** How many survivors may pool what they know with the server's; default 0. */
  readonly colluders?: number;
  /** The probability with which one coordinate of one sum may wrap around; default 1e-6. */
  readonly wrapProbability?: number;
  /** β of conditional rounding, in [0, 1); default e^(−1/2), as the papers. */
  readonly beta?: number;
  /** What the sum is divided by: a public constant; default 1. */
  readonly expectedWeight?: number;
}

/** A mechanism whose noise comes in shares. */
export interface DistributedMechanism {
  readonly placement: 'distributed';
  readonly bits: number;
  /** Grid steps to a unit of the values. */
  readonly scale: number;
  /** Standard deviations of a coordinate of the widest sum allowed for that half the modulus covers at least. */
  readonly deviations: number;
  /** Standard deviation of one client's share, in grid steps. */
  readonly localNoiseStd: number;
  /** L2 bound of one client's integers before its noise: what is charged. */
  readonly recordNorm: number;
  /** What a sum over `survivors` clients costs; by default over the fewest. `THRESHOLD_NOT_MET` below these. */
  event(survivors?: number): DpEvent;
  /**
   * One client's integers with its share of the noise, modulo 2^bits, in [−2^(bits−1), 2^(bits−1)): the input of secure
   * aggregation. A NaN or an infinity makes the update count as zero.
   *
   * @param values - Shape [d]; not changed.
   */
  encodeIntegers(values: Float32Array, rng: SecureRng): Int32Array;
  /**
   * The noised sum over `expectedWeight`, shape [d].
   *
   * @param sum - Of the survivors' integers; only residues modulo 2^bits matter.
   * @throws FedkitError `THRESHOLD_NOT_MET` for fewer than `minimumSurvivors`: their noise does not cover the claim. `OVERFLOW` for
   * more than `maximumContributors`, `SHAPE_MISMATCH`, `OUT_OF_RANGE` for what are no integers.
   */
  decodeSum(sum: Int32Array | Uint32Array | Float64Array, options: { survivors: number }): Float32Array;
}

/** Which distribution the shares have. */
interface Shares {
  sampler(variance: number): IntegerSampler;
  event(
    variance: number,
    honest: number,
    norms: { recordNorm: number; recordNormL1: number; dimension: number },
  ): DpEvent;
}

/**
 * The Skellam mechanism: shares that sum exactly, so the cost does not depend on how many there are.
 *
 * Not constant-time. Protects against a server that follows secure aggregation's protocol and up to `colluders` clients.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, or a modulus so small that rounding more than doubles the norm
 * charged; `OVERFLOW` if not even rounding fits the modulus; `THRESHOLD_NOT_MET` if no honest survivor is left.
 */
export function skellamMechanism(options: DistributedOptions): DistributedMechanism {
  return distributedMechanism('skellamMechanism', options, {
    sampler: (variance) => skellamSampler({ variance }),
    event: (variance, honest, { recordNorm, recordNormL1 }) =>
      event.skellam({ variance: variance * honest, recordNorm, recordNormL1 }),
  });
}

/** The distributed discrete Gaussian mechanism. As {@link skellamMechanism}, with other shares. */
export function distributedGaussianMechanism(options: DistributedOptions): DistributedMechanism {
  return distributedMechanism('distributedGaussianMechanism', options, {
    sampler: (variance) => discreteGaussianSampler({ variance }),
    event: (variance, honest, norms) =>
      event.distributedDiscreteGaussian({ localNoiseStd: Math.sqrt(variance), contributors: honest, ...norms }),
  });
}

/** By name. */
const OPTIONS: OptionNames<DistributedOptions> = {
  size: true,
  clip: true,
  noiseStd: true,
  bits: true,
  maximumContributors: true,
  minimumSurvivors: true,
  colluders: true,
  wrapProbability: true,
  beta: true,
  expectedWeight: true,
};

function distributedMechanism(where: string, options: DistributedOptions, shares: Shares): DistributedMechanism {
  checkOptions(where, options, OPTIONS);
  const { size, bits } = options;
  const clip = checkPositive(`${where}: clip`, options.clip);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const maximumContributors = checkInteger(`${where}: maximumContributors`, options.maximumContributors, 1, 2 ** 31);
  const minimumSurvivors = checkInteger(`${where}: minimumSurvivors`, options.minimumSurvivors, 1, maximumContributors);
  const colluders = checkInteger(`${where}: colluders`, options.colluders ?? 0);
  const expectedWeight = checkPositive(`${where}: expectedWeight`, options.expectedWeight ?? 1);
  if (minimumSurvivors <= colluders) {
    refuse('THRESHOLD_NOT_MET', `${where}: minimumSurvivors`, `more than ${colluders} colluders`, minimumSurvivors);
  }
  const shareStd = noiseStd / Math.sqrt(minimumSurvivors - colluders);
  const deviations = standardDeviationsFor(options.wrapProbability ?? 1e-6);
  const fitting = modularScale({
    localNoiseStd: shareStd,
    clip,
    bits,
    contributors: maximumContributors,
    size,
    standardDeviations: deviations,
  });
  // Squares of integers within 2^25 sum exactly; a finer grid would gain nothing anyway.
  const scale = Math.min(fitting, 2 ** 25 / clip);
  const inflated = roundedNormBound({ norm: clip * scale, size, beta: options.beta ?? exp(-0.5) });
  if (inflated > 2 * clip * scale) {
    refuse('OUT_OF_RANGE', `${where}: bits`, 'enough bits that rounding at most doubles the norm', bits);
  }
  const ball: Ball = { size, squaredBound: Math.floor(inflated * inflated) };
  const recordNorm = Math.sqrt(ball.squaredBound);
  const variance = (shareStd * scale) ** 2;
  const sampler = shares.sampler(variance);
  const modulus = 2 ** bits;
  const unused = 32 - bits;
  const norms = { recordNorm, recordNormL1: integerL1Bound({ norm: recordNorm, size }), dimension: size };

  function checkSurvivors(call: string, survivors: number): number {
    checkInteger(`${where}.${call}: survivors`, survivors);
    if (survivors < minimumSurvivors) {
      refuse('THRESHOLD_NOT_MET', `${where}.${call}: survivors`, `at least ${minimumSurvivors}`, survivors);
    }
    if (survivors > maximumContributors)
      refuse('OVERFLOW', `${where}.${call}: survivors`, `at most ${maximumContributors}`, survivors);
    return survivors;
  }

  return {
    placement: 'distributed',
    bits,
    scale,
    deviations,
    localNoiseStd: Math.sqrt(variance),
    recordNorm,
    event: (survivors = minimumSurvivors) =>
      shares.event(variance, checkSurvivors('event', survivors) - colluders, norms),
    encodeIntegers(values, rng) {
      checkVector(`${where}.encodeIntegers: values`, values, size);
      const norm = l2Norm(values);
      const factor = Number.isFinite(norm) ? scale * Math.min(1, clip / Math.max(norm, clip)) : 0;
      const noised = roundConditionally(values, factor, ball, rng);
      sampler.addTo(noised, rng);
      const integers = new Int32Array(size);
      // Shifts count modulo 2^32, whatever the number.
      for (let i = 0; i < size; i++) integers[i] = (noised[i] << unused) >> unused;
      return integers;
    },
    decodeSum(sum, options) {
      checkOptions(`${where}.decodeSum`, options, { survivors: true });
      checkSurvivors('decodeSum', options.survivors);
      if (sum.length !== size) refuse('SHAPE_MISMATCH', `${where}.decodeSum: sum`, `${size} coordinates`, sum.length);
      const values = new Float32Array(size);
      const unit = scale * expectedWeight;
      if (sum instanceof Int32Array) {
        for (let i = 0; i < size; i++) values[i] = ((sum[i] << unused) >> unused) / unit;
        return values;
      }
      for (let i = 0; i < size; i++) {
        if (!Number.isSafeInteger(sum[i])) refuse('OUT_OF_RANGE', `${where}.decodeSum: sum`, 'integers', sum[i]);
        values[i] = centered(sum[i], modulus) / unit;
      }
      return values;
    },
  };
}

/** The representative in [−modulus/2, modulus/2) of an integer below 2^53. */
function centered(integer: number, modulus: number): number {
  return integer - modulus * Math.floor(integer / modulus + 0.5);
}
