/**
 * The arithmetic of distributed differential privacy: how much rounding inflates a norm, which scale
 * fits a modulus. Kairouz, Liu and Steinke, "The Distributed Discrete Gaussian Mechanism for Federated
 * Learning with Secure Aggregation", ICML 2021, arXiv 2102.06387; Agarwal, Kairouz and Liu, "The Skellam Mechanism for
 * Differentially Private Federated Learning", NeurIPS 2021, arXiv 2110.04995.
 *
 * @module
 */
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import { normalUpperQuantile } from '../special/normal.ts';
import { ln } from '../special/elementary.ts';

/**
 * A bound on the L2 norm of an integer vector that came from one of norm `norm` by conditional stochastic rounding:
 * min(c + √d, √(c² + d/4 + √(2 ln(1/β)) (c + √d/2))) (Kairouz, Liu and Steinke, Proposition 26).
 *
 * @param options.norm - c ≥ 0, in steps of the integer grid.
 * @param options.size - d ≥ 1.
 * @param options.beta - β in [0, 1): a single rounding exceeds the bound with probability at most β and is then repeated; 0 never
 * repeats.
 */
export function roundedNormBound(options: { norm: number; size: number; beta: number }): number {
  checkOptions('roundedNormBound', options, { norm: true, size: true, beta: true } satisfies OptionNames<
    typeof options
  >);
  const { norm, size, beta } = options;
  checkNumber('roundedNormBound: norm', norm, 0);
  checkInteger('roundedNormBound: size', size, 1);
  checkNumber('roundedNormBound: beta', beta, 0, 1 - 2 ** -53);
  const root = Math.sqrt(size);
  if (beta === 0) return norm + root;
  const tail = Math.sqrt(2 * ln(1 / beta)) * (norm + root / 2);
  return Math.min(norm + root, Math.sqrt(norm * norm + size / 4 + tail));
}

/** An L1 bound of integer vectors with L2 norm ≤ `norm`: norm · min(√d, norm), for every non-zero coordinate is at least 1. */
export function integerL1Bound(options: { norm: number; size: number }): number {
  checkOptions('integerL1Bound', options, { norm: true, size: true } satisfies OptionNames<typeof options>);
  const norm = checkNumber('integerL1Bound: norm', options.norm, 0);
  return norm * Math.min(Math.sqrt(checkInteger('integerL1Bound: size', options.size, 1)), norm);
}

/** Beyond this many grid steps to a unit, finer grids gain nothing and integers leave 32 bits. */
const largestScale = 1e6;

/**
 * The finest grid whose sums fit `bits` bits: s = √(2^{2b} − n k²) / (2k √(ρ c² n²/d + n σ²)), at most 10^6, so that a coordinate of the
 * sum stays within the modulus up to k standard deviations. Norms are taken as spread over all coordinates: rotate first
 * (a randomized Hadamard transform), or the modulus clips what the norm allows.
 *
 * @param options.localNoiseStd - σ of one client's noise, in the unit of the values.
 * @param options.clip - c, L2 bound of one client's values.
 * @param options.bits - b, 2 to 30.
 * @param options.contributors - n ≥ 1, the most that are summed.
 * @param options.size - d ≥ 1, after padding.
 * @param options.standardDeviations - k > 0, see {@link standardDeviationsFor}.
 * @param options.spread - ρ ≥ 1: how unevenly a rotated vector may still lie; default 1.
 * @throws FedkitError `OVERFLOW` if 2^{2b} ≤ n k²: not even the rounding of n clients fits.
 */
export function modularScale(options: {
  localNoiseStd: number;
  clip: number;
  bits: number;
  contributors: number;
  size: number;
  standardDeviations: number;
  spread?: number;
}): number {
  checkOptions('modularScale', options, {
    localNoiseStd: true,
    clip: true,
    bits: true,
    contributors: true,
    size: true,
    standardDeviations: true,
    spread: true,
  } satisfies OptionNames<typeof options>);
  const where = 'modularScale';
  const sigma = checkPositive(`${where}: localNoiseStd`, options.localNoiseStd);
  const clip = checkPositive(`${where}: clip`, options.clip);
  const bits = checkInteger(`${where}: bits`, options.bits, 2, 30);
  const n = checkInteger(`${where}: contributors`, options.contributors, 1);
  const size = checkInteger(`${where}: size`, options.size, 1);
  const k = checkPositive(`${where}: standardDeviations`, options.standardDeviations);
  const spread = checkNumber(`${where}: spread`, options.spread ?? 1, 1);
  const room = 4 ** bits - n * k * k;
  if (room <= 0) refuse('OVERFLOW', where, `2^bits above ${Math.sqrt(n) * k}`, 2 ** bits);
  const deviation = Math.sqrt((spread * clip * clip * n * n) / size + n * sigma * sigma);
  return Math.min(largestScale, Math.sqrt(room) / (2 * k * deviation));
}

/**
 * k with P[|N(0, 1)| > k] ≤ `wrapProbability`: how many standard deviations of a coordinate of the sum must fit the modulus so that
 * it wraps with at most this probability.
 *
 * @param wrapProbability - In (0, 1), of one coordinate of one sum.
 */
export function standardDeviationsFor(wrapProbability: number): number {
  checkPositive('standardDeviationsFor: wrapProbability', wrapProbability, 1 - 2 ** -53);
  return normalUpperQuantile(wrapProbability / 2);
}
