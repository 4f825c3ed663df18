/**
 * DP-FTRL by matrix factorization with a banded Toeplitz strategy, on integers. Choquette-Choo et al., "(Amplified) Banded Matrix
 * Factorization", NeurIPS 2023, arXiv 2306.08153; Kairouz et al., "Practical and Private (Deep) Learning without Sampling or
 * Shuffling", ICML 2021, arXiv 2103.00039.
 *
 * In round t the mechanism forms y_t = Σ_k C_k g_(t−k) + z_t, with g_s the exact integer sum of round s, C_k the coefficients rounded to
 * integers over 2^10, and z_t exact discrete Gaussian noise. All y together are what is charged; the estimate u_t of g_t solves
 * Σ_k C_k u_(t−k) = y_t, which is post-processing. The errors of u cancel in prefix sums.
 *
 * Proof. A client that takes part in rounds t_1 < t_2 < …, at least minSeparation apart and at most maxParticipations times, moves
 * y by Σ_j C e_(t_j) ⊗ v_j with integer vectors of squared norm at most squaredBound, that is by at most sensitivity · √squaredBound
 * (toeplitz.ts, on the integer coefficients themselves). Clients may adapt to what was released: round by round the shift, given
 * the past, is a fixed integer vector, its squared norms sum to at most that bound whatever the past, and Rényi divergences of
 * N_Z shifted by v are at most α‖v‖²/(2σ²); fully adaptive composition (Feldman and Zrnic, NeurIPS 2021) gives the same bound for all
 * rounds together, which is the event { discrete Gaussian, dimension d·n }.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { checkExact } from '../mechanism/grid.ts';
import { checkOpen, type PrivateSum, type SumBuilder, sumBuilder, type SumOptions } from '../mechanism/private-sum.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';
import { minSeparationSensitivitySquared, optimalToeplitzCoefficients, type Participation } from './toeplitz.ts';

/** What a mechanism of correlated noise is made of. */
export interface MatrixFactorizationOptions extends SumOptions, Participation {
  /** σ > 0: standard deviation of Z in C·G + Z, c_0 = 1, in the unit of the values. */
  readonly noiseStd: number;
  /** How many coefficients are kept: memory is 16·d bytes for each. By default min(minSeparation, 16); 1 is independent noise. */
  readonly bands?: number;
}

/** Plain data; the sums in it are secret. */
export interface MatrixFactorizationState {
  /** Rounds released so far. */
  readonly step: number;
  /** Exact sums of the last rounds, latest first; secret. */
  readonly sums: readonly Float64Array[];
  /** Their noised estimates, latest first; public. */
  readonly estimates: readonly Float64Array[];
  /** The noised prefix sum; public. */
  readonly prefix: Float64Array;
}

/** Releases every round's sum once, with noise that cancels over rounds. */
export interface MatrixFactorizationMechanism extends SumBuilder {
  /** What all `steps` rounds cost together: charge it once, before the first. */
  readonly event: DpEvent;
  /** The L2 norm by which a client of norm 1 in every participation can move C·G. */
  readonly sensitivity: number;
  readonly granularity: number;
  init(): MatrixFactorizationState;
  /**
   * Releases the next round: the noised sum of this round and of all rounds so far, over `expectedWeight`. Nothing of `state` may
   * be used again: a second release from it would be a second look at the same data.
   *
   * @throws FedkitError `BUDGET_EXHAUSTED` after `steps` rounds, `PROTOCOL_STATE` for a sum released before.
   */
  release(
    state: MatrixFactorizationState,
    sum: PrivateSum,
    rng: SecureRng,
  ): { state: MatrixFactorizationState; values: Float32Array; prefixSum: Float32Array };
}

/** Coefficients are integers over this. */
const unit = 1024;

/**
 * DP-FTRL with banded Toeplitz noise.
 *
 * The caller guarantees the participation pattern: a client that comes back sooner than `minSeparation` voids the claim.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `OVERFLOW` if sums could leave the exact integers.
 * @complexity O(d · bands) a round.
 */
export function matrixFactorizationMechanism(options: MatrixFactorizationOptions): MatrixFactorizationMechanism {
  checkOptions('matrixFactorizationMechanism', options, {
    noiseStd: true,
    bands: true,
    size: true,
    clip: true,
    granularity: true,
    maxWeight: true,
    expectedWeight: true,
    maximumContributions: true,
    steps: true,
    minSeparation: true,
    maxParticipations: true,
  } satisfies OptionNames<typeof options>);
  const where = 'matrixFactorizationMechanism';
  const steps = checkInteger(`${where}: steps`, options.steps, 1, 2 ** 24);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const separation = checkInteger(`${where}: minSeparation`, options.minSeparation, 1);
  const bands = checkInteger(`${where}: bands`, options.bands ?? Math.min(separation, 16, steps), 1, steps);
  const coefficients = optimalToeplitzCoefficients(bands).map((c) => Math.round(c * unit));
  const sensitivity = Math.sqrt(minSeparationSensitivitySquared(coefficients, options));
  const { grid, maximumContributions, toValues, ...builder } = sumBuilder(where, options, noiseStd);
  const variance = Math.ceil(((noiseStd / grid.granularity) * unit) ** 2);
  const recordNorm = Math.sqrt(grid.squaredBound);
  const weight = coefficients.reduce((sum, c) => sum + c, 0);
  checkExact(where, weight * maximumContributions * recordNorm + 64 * Math.sqrt(variance));
  const sampler = discreteGaussianSampler({ variance });
  return {
    ...builder,
    event: event.discreteGaussian({
      noiseStd: Math.sqrt(variance),
      recordNorm: sensitivity * recordNorm,
      dimension: grid.size * steps,
    }),
    sensitivity: sensitivity / unit,
    granularity: grid.granularity,
    init: () => ({ step: 0, sums: [], estimates: [], prefix: new Float64Array(grid.size) }),
    release(state, sum, rng) {
      checkOpen(`${where}.release`, sum, grid.size);
      if (state.step >= steps)
        refuse('BUDGET_EXHAUSTED', `${where}.release`, `at most ${steps} rounds`, state.step + 1);
      sum.released = true;
      const sums = [sum.values.slice(), ...state.sums].slice(0, bands);
      sum.values.fill(0);
      const noised = combine(sums, coefficients, 0);
      sampler.addTo(noised, rng);
      // From here on nothing but noised integers and earlier releases is read.
      const known = combine(state.estimates.slice(0, bands - 1), coefficients, 1);
      const prefix = new Float64Array(grid.size);
      const estimate = noised;
      for (let i = 0; i < prefix.length; i++) {
        estimate[i] = (noised[i] - (known[i] ?? 0)) / unit;
        prefix[i] = state.prefix[i] + estimate[i];
      }
      return {
        state: {
          step: state.step + 1,
          sums: sums.slice(0, bands - 1),
          estimates: [estimate, ...state.estimates].slice(0, bands - 1),
          prefix,
        },
        values: toValues(estimate, 1),
        prefixSum: toValues(prefix, 1),
      };
    },
  };
}

/** Σ_k coefficients[k + from] · vectors[k]; empty without vectors. */
function combine(vectors: readonly Float64Array[], coefficients: Float64Array, from: number): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, k) => {
    const c = coefficients[k + from];
    for (let i = 0; i < sum.length; i++) sum[i] += c * vector[i];
  });
  return sum;
}
