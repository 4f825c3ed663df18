/**
 * Clipping that follows a quantile of the update norms, privately. Andrew, Thakkar, McMahan and Ramaswamy, "Differentially
 * Private Learning with Adaptive Clipping", NeurIPS 2021, arXiv 1905.03871, Algorithm 1.
 *
 * Each client reports whether its norm was within the clip, as +1 or −1; the integer sum gets exact discrete Gaussian noise and
 * moves the clip geometrically: C ← C · exp(−η (b̃ − γ)), b̃ the noised UNCLIPPED fraction. The sign matters: with the clipped
 * fraction in its place the fixed point repels, and the clip runs to zero or infinity.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkInteger, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';

/** Plain data: store it with the round. */
export interface AdaptiveClipState {
  /** C, the clip of the coming round. */
  readonly clip: number;
}

/** The clip as it moves from round to round. */
export interface AdaptiveClipping {
  /** What one step costs a client's privacy, in ±1 units: compose it with the round's other events. */
  readonly event: DpEvent;
  init(): AdaptiveClipState;
  /** What a client adds to the sum: 1 if its norm is within the clip, −1 if it was clipped or quarantined. */
  indicator(norm: number, state: AdaptiveClipState): 1 | -1;
  /**
   * Noises the sum of the cohort's indicators and moves the clip.
   *
   * @param indicatorSum - Σ ±1 over the cohort: an integer, secret until it is noised here. Call once for a sum.
   * @returns The next state, and the noised unclipped fraction, which is safe to publish.
   * @throws FedkitError `OUT_OF_RANGE` for a sum that is no integer, or a clip that left the range of float32.
   */
  step(
    state: AdaptiveClipState,
    indicatorSum: number,
    rng: SecureRng,
  ): { state: AdaptiveClipState; unclippedFraction: number };
}

/**
 * Adaptive clipping.
 *
 * @param options.expectedClients - n, a public constant: the expected cohort, never the realized one.
 * @param options.initialClip - C of the first round, > 0; the paper's 0.1 by default.
 * @param options.targetQuantile - γ in [0, 1]: the fraction of clients that should not be clipped; 0.5 by default.
 * @param options.learningRate - η > 0; 0.2 by default.
 * @param options.countStd - σ_b > 0, standard deviation of the noise on Σ(b_i − ½); n/20 by default. The values' own noise must
 * grow to pay for it: `adaptiveClipNoiseStd`.
 * @throws FedkitError `OUT_OF_RANGE` for options outside their range.
 */
export function adaptiveClipping(options: {
  expectedClients: number;
  initialClip?: number;
  targetQuantile?: number;
  learningRate?: number;
  countStd?: number;
}): AdaptiveClipping {
  const where = 'adaptiveClipping';
  const clients = checkPositive(`${where}: expectedClients`, options.expectedClients);
  const initialClip = checkPositive(`${where}: initialClip`, options.initialClip ?? 0.1, 2 ** 100);
  const target = checkNumber(`${where}: targetQuantile`, options.targetQuantile ?? 0.5, 0, 1);
  const learningRate = checkPositive(`${where}: learningRate`, options.learningRate ?? 0.2);
  const countStd = checkPositive(`${where}: countStd`, options.countStd ?? clients / 20);
  // In ±1 units one client moves the sum by 1 and the noise is twice σ_b.
  const variance = 4 * countStd * countStd;
  const sampler = discreteGaussianSampler({ variance });
  return {
    event: event.discreteGaussian({ noiseStd: Math.sqrt(variance), recordNorm: 1, dimension: 1 }),
    init: () => ({ clip: initialClip }),
    indicator: (norm, state) => (norm <= state.clip ? 1 : -1),
    step(state, indicatorSum, rng) {
      checkInteger(`${where}.step: indicatorSum`, indicatorSum, -Number.MAX_SAFE_INTEGER);
      const noised = indicatorSum + sampler.sample(rng);
      const unclippedFraction = Math.min(1, Math.max(0, noised / (2 * clients) + 0.5));
      return { state: { clip: nextClip(state.clip, unclippedFraction, { target, learningRate }) }, unclippedFraction };
    },
  };
}

/** C · exp(−η (b̃ − γ)); `OUT_OF_RANGE` once it leaves (2^−100, 2^100), where float32 updates cannot follow. */
export function nextClip(
  clip: number,
  unclippedFraction: number,
  { target, learningRate }: { target: number; learningRate: number },
): number {
  const next = clip * Math.exp(-learningRate * (unclippedFraction - target));
  if (!(next > 2 ** -100 && next < 2 ** 100)) {
    refuse('OUT_OF_RANGE', 'adaptiveClipping.step: clip', 'a clip in (2^-100, 2^100)', next);
  }
  return next;
}
