/**
 * Toeplitz strategies for prefix sums: C lower triangular with coefficients c_0, c_1, … on its diagonals, of which a mechanism
 * releases C·G + Z. Fichtenberger, Henzinger and Upadhyay, "Constant Matters", ICML 2023, arXiv 2202.11205 (the optimal
 * coefficients); Choquette-Choo et al., "(Amplified) Banded Matrix Factorization", NeurIPS 2023, arXiv 2306.08153 (bands and
 * minimum separation); Kalinin and Lampert, "Banded Square Root Matrix Factorization", NeurIPS 2024, arXiv 2405.13763 (the worst
 * participation pattern).
 *
 * @module
 */
import { checkInteger, refuse } from '@fedkit/core/internal';

/**
 * c_k = binom(2k, k)/4^k, by c_k = c_(k−1) (2k−1)/(2k): the square root of the prefix-sum matrix, optimal for the largest error among
 * Toeplitz strategies up to o(1).
 */
export function optimalToeplitzCoefficients(count: number): Float64Array {
  checkInteger('optimalToeplitzCoefficients: count', count, 1, 2 ** 24);
  const coefficients = new Float64Array(count);
  coefficients[0] = 1;
  for (let k = 1; k < count; k++) coefficients[k] = (coefficients[k - 1] * (2 * k - 1)) / (2 * k);
  return coefficients;
}

/** Who may take part when: at least `minSeparation` rounds apart, at most `maxParticipations` times. */
export interface Participation {
  /** n, rounds in all. */
  readonly steps: number;
  /** b ≥ 1: a client that took part in round t next takes part in round t + b or later. */
  readonly minSeparation: number;
  /** k; by default as often as the separation allows. */
  readonly maxParticipations?: number;
}

/**
 * The square of the largest L2 norm by which a client whose every contribution has norm 1 moves C·G.
 *
 * For coefficients that are nonnegative and do not increase, the worst pattern is rounds 0, b, 2b, … with equal contributions.
 *
 * @param coefficients - c_0 ≥ c_1 ≥ … ≥ 0; those beyond the array are 0.
 * @throws FedkitError `OUT_OF_RANGE` for other coefficients or participations.
 * @complexity O(n).
 */
export function minSeparationSensitivitySquared(coefficients: ArrayLike<number>, participation: Participation): number {
  const where = 'minSeparationSensitivitySquared';
  const steps = checkInteger(`${where}: steps`, participation.steps, 1, 2 ** 24);
  const separation = checkInteger(`${where}: minSeparation`, participation.minSeparation, 1);
  const possible = Math.ceil(steps / separation);
  const times = Math.min(
    possible,
    checkInteger(`${where}: maxParticipations`, participation.maxParticipations ?? possible, 1),
  );
  for (let k = 0; k < coefficients.length; k++) {
    if (!(coefficients[k] >= 0 && (k === 0 || coefficients[k] <= coefficients[k - 1]))) {
      refuse('OUT_OF_RANGE', `${where}: coefficients`, 'numbers ≥ 0 that do not increase', coefficients[k]);
    }
  }
  // Column sums v_t = Σ_{j<times} c_(t−jb), each from the one a separation earlier.
  const column = new Float64Array(steps);
  let squares = 0;
  for (let t = 0; t < steps; t++) {
    const leaving = t - times * separation;
    column[t] =
      (coefficients[t] ?? 0) +
      (t >= separation ? column[t - separation] : 0) -
      (leaving >= 0 ? (coefficients[leaving] ?? 0) : 0);
    squares += column[t] * column[t];
  }
  return squares;
}

/**
 * The largest standard deviation, over n rounds, of the error of a prefix sum when Z has deviation 1: √Σ b_i² for the coefficients
 * b of A·C^−1, A the prefix-sum matrix. Times the sensitivity it is what strategies are compared by.
 *
 * @complexity O(n · coefficients).
 */
export function prefixSumError(coefficients: ArrayLike<number>, steps: number): number {
  checkInteger('prefixSumError: steps', steps, 1, 2 ** 24);
  const decoder = new Float64Array(steps);
  let squares = 0;
  for (let t = 0; t < steps; t++) {
    // C·b = (1, 1, …).
    let value = 1;
    for (let k = 1; k <= t && k < coefficients.length; k++) value -= coefficients[k] * decoder[t - k];
    decoder[t] = value / coefficients[0];
    squares += decoder[t] * decoder[t];
  }
  return Math.sqrt(squares);
}
