/**
 * Clipping that follows a quantile of the update norms, privately. Andrew, Thakkar, McMahan and Ramaswamy, "Differentially
 * Private Learning with Adaptive Clipping", NeurIPS 2021, arXiv 1905.03871, Algorithm 1.
 *
 * Each client reports whether its norm was within the clip, as +1 or −1; the integer sum gets exact discrete Gaussian noise and
 * moves the clip geometrically: C ← C · exp(−η (b̃ − γ)), b̃ the noised UNCLIPPED fraction. The sign matters: with the clipped
 * fraction in its place the fixed point repels, and the clip runs to zero or infinity.
 *
 * Proof. A client adds +1 or −1 to an integer sum, and one that contributes nothing, its norm 0, adds 0. So the sum moves by at most
 * 1 when a client joins or leaves (add-or-remove) and when one is replaced by one that contributes nothing (replace-special), and
 * by at most 2 when one is replaced by any other (replace-one): in each case what a record of norm 1 moves a sum by under that
 * relation. N_Z(0, 4σ_b²) on it is the scalar discrete Gaussian event { noiseStd: 2σ_b, recordNorm: 1 } under all three. (Were a
 * norm of 0 counted as unclipped, zeroing out a clipped client would move the sum by 2.) The fraction and every later clip are
 * functions of the noised sum.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkNumber, checkPositive } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';
import { exp } from '../special/elementary.ts';

/** Plain data: store it with the round. */
export interface AdaptiveClipState {
  /** C, the clip of the coming round. */
  readonly clip: number;
}

/** The clip as it moves from round to round. */
export interface AdaptiveClipping {
  /**
   * What one step costs a client's privacy, in ±1 units. It is about the same cohort as the round's values: charge
   * `simultaneousRelease([mechanism.event, adaptive.event])`.
   */
  readonly event: DpEvent;
  init(): AdaptiveClipState;
  /**
   * What a client adds to the sum: 1 if its norm is within the clip, −1 if it was clipped or quarantined, 0 if it is 0: whoever
   * contributes nothing says nothing.
   */
  indicator(norm: number, state: AdaptiveClipState): 1 | 0 | -1;
  /**
   * Noises the sum of the cohort's indicators and moves the clip.
   *
   * @param indicatorSum - Σ of the cohort's indicators: an integer, secret until it is noised here. Call once for a sum.
   * @returns The next state, and the noised unclipped fraction, which is safe to publish.
   * @throws FedkitError `OUT_OF_RANGE` for a sum that is no integer, or a state whose clip is outside [minimumClip, 2^100].
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
 * @param options.minimumClip - The clip stays here rather than fall further, > 0: where nobody is clipped for long, as once
 * updates vanish, it would go on shrinking. Default 2^-64, where float32 still resolves updates. Above it stays at 2^100.
 * @param options.targetQuantile - γ in [0, 1]: the fraction of clients that should not be clipped; 0.5 by default.
 * @param options.learningRate - η > 0; 0.2 by default.
 * @param options.countStd - σ_b > 0, standard deviation of the noise on Σ(b_i − ½); n/20 by default. The values' own noise must
 * grow to pay for it: `adaptiveClipNoiseStd`.
 * @throws FedkitError `OUT_OF_RANGE` for options outside their range.
 */
export function adaptiveClipping(options: {
  expectedClients: number;
  initialClip?: number;
  minimumClip?: number;
  targetQuantile?: number;
  learningRate?: number;
  countStd?: number;
}): AdaptiveClipping {
  checkOptions('adaptiveClipping', options, {
    expectedClients: true,
    initialClip: true,
    minimumClip: true,
    targetQuantile: true,
    learningRate: true,
    countStd: true,
  } satisfies OptionNames<typeof options>);
  const where = 'adaptiveClipping';
  const clients = checkPositive(`${where}: expectedClients`, options.expectedClients);
  const minimumClip = checkNumber(`${where}: minimumClip`, options.minimumClip ?? 2 ** -64, LEAST_CLIP, MOST_CLIP);
  const initialClip = checkNumber(`${where}: initialClip`, options.initialClip ?? 0.1, minimumClip, MOST_CLIP);
  const target = checkNumber(`${where}: targetQuantile`, options.targetQuantile ?? 0.5, 0, 1);
  const learningRate = checkPositive(`${where}: learningRate`, options.learningRate ?? 0.2);
  const countStd = checkPositive(`${where}: countStd`, options.countStd ?? clients / 20);
  // In ±1 units one client moves the sum by 1 and the noise is twice σ_b.
  const variance = 4 * countStd * countStd;
  const sampler = discreteGaussianSampler({ variance });
  return {
    event: event.discreteGaussian({ noiseStd: Math.sqrt(variance), recordNorm: 1, dimension: 1 }),
    init: () => ({ clip: initialClip }),
    indicator: (norm, state) => (norm === 0 ? 0 : norm <= state.clip ? 1 : -1),
    step(state, indicatorSum, rng) {
      checkInteger(`${where}.step: indicatorSum`, indicatorSum, -Number.MAX_SAFE_INTEGER);
      checkNumber(`${where}.step: state.clip`, state.clip, minimumClip, MOST_CLIP);
      const noised = indicatorSum + sampler.sample(rng);
      const unclippedFraction = Math.min(1, Math.max(0, noised / (2 * clients) + 0.5));
      return {
        state: { clip: nextClip(state.clip, unclippedFraction, { target, learningRate, minimumClip }) },
        unclippedFraction,
      };
    },
  };
}

/** Beyond these float32 updates cannot follow. */
const LEAST_CLIP = 2 ** -100;
const MOST_CLIP = 2 ** 100;

/** C · exp(−η (b̃ − γ)), held within [minimumClip, 2^100]. */
export function nextClip(
  clip: number,
  unclippedFraction: number,
  { target, learningRate, minimumClip = LEAST_CLIP }: { target: number; learningRate: number; minimumClip?: number },
): number {
  const next = clip * exp(-learningRate * (unclippedFraction - target));
  return Math.min(MOST_CLIP, Math.max(minimumClip, next));
}
