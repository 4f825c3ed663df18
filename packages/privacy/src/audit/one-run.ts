/**
 * Auditing in one run: what a mechanism's own outputs prove about its privacy, from below. Steinke, Nasr and Jagielski, "Privacy
 * Auditing with One (1) Training Run", NeurIPS 2023, arXiv 2305.08846, Theorem 5.2 and Proposition 5.1; and for hypotheses in the
 * Gaussian family Mahloujifar, Melis and Chaudhuri, "Auditing f-Differential Privacy in One Run", arXiv 2410.22235.
 *
 * Each of m canaries takes part or not by its own fair coin. Of r guesses that a canary took part, v are right. Were the
 * mechanism (ε, δ)-private, so many would be right with probability at most p(ε); every ε with p(ε) ≤ 1 − confidence is refuted.
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
import { analyticGaussianEpsilon } from '../calibrate/analytic-gaussian.ts';
import { logBinomial } from '../special/log-gamma.ts';
import { normalCdf, normalUpperQuantile } from '../special/normal.ts';
import { exp, ln } from '../special/elementary.ts';
import { softplus } from '../special/exponential.ts';

/** What an audit guessed. */
export interface Guesses {
  /** m: canaries, in and out. */
  readonly canaries: number;
  /** r: guesses made, ≤ m. The rule that made them must not have looked at the coins. */
  readonly guesses: number;
  /** v: right guesses, ≤ r. */
  readonly correct: number;
}

/**
 * p(ε) = β + 2mδα: a bound on the probability of at least v right guesses under (ε, δ)-differential privacy, β = P[Bin(r, q) ≥ v]
 * with q = e^ε/(1+e^ε), α = max_{1≤i≤v} (P[Bin(r, q) ≥ v−i] − β)/i.
 *
 * @complexity O(r).
 */
export function oneRunPValue(found: Guesses, options: { epsilon: number; delta: number }): number {
  checkOptions('oneRunPValue', options, { epsilon: true, delta: true } satisfies OptionNames<typeof options>);
  const { canaries, guesses, correct } = checkGuesses('oneRunPValue', found);
  // From some 750 on q is 1 to float64, and sums of larger losses would cancel to noise.
  const epsilon = Math.min(1000, checkNumber('oneRunPValue: epsilon', options.epsilon, 0));
  const delta = checkNumber('oneRunPValue: delta', options.delta, 0, 1);
  // Log masses by recurrence from k = v: up for the tail β, down for α.
  const logAtCorrect =
    logBinomial(guesses, correct) - correct * softplus(-epsilon) - (guesses - correct) * softplus(epsilon);
  const mode = guesses / (1 + exp(-epsilon));
  let beta = 0;
  for (let k = correct, logMass = logAtCorrect; k <= guesses; k++) {
    const mass = exp(logMass);
    beta += mass;
    if (k > mode && mass < 1e-20 * beta) break;
    logMass += epsilon + ln((guesses - k) / (k + 1));
  }
  let alpha = 0;
  if (delta > 0) {
    let more = 0;
    let logMass = logAtCorrect;
    // Masses sum to at most 1, so from i = 1/α on nothing can be larger.
    for (let i = 1; i <= correct && alpha * i < 1; i++) {
      const k = correct - i;
      logMass += ln((k + 1) / (guesses - k)) - epsilon;
      more += exp(logMass);
      alpha = Math.max(alpha, more / i);
    }
  }
  return Math.min(1, beta + 2 * canaries * delta * alpha);
}

/**
 * The largest ε, within 1e-9, that `found` refutes: a lower bound on the mechanism's ε at `delta` that holds with the given
 * one-sided confidence. 0 if nothing is refuted.
 */
export function oneRunEpsilon(found: Guesses, options: { delta: number; confidence: number }): number {
  checkOptions('oneRunEpsilon', options, { delta: true, confidence: true } satisfies OptionNames<typeof options>);
  const significance = checkSignificance('oneRunEpsilon', options.confidence);
  return largestRefuted((epsilon) => oneRunPValue(found, { epsilon, delta: options.delta }) <= significance);
}

/**
 * The same against the Gaussian family: the largest ε such that no Gaussian mechanism that is (ε, δ)-private explains `found`.
 * Larger than {@link oneRunEpsilon}, and meant for mechanisms whose trade-off curve is Gaussian or near it: Gaussian noise,
 * composed, without amplification; for others compare it with their own curve.
 */
export function oneRunGaussianEpsilon(found: Guesses, options: { delta: number; confidence: number }): number {
  checkOptions('oneRunGaussianEpsilon', options, { delta: true, confidence: true } satisfies OptionNames<
    typeof options
  >);
  checkGuesses('oneRunGaussianEpsilon', found);
  const delta = checkPositive('oneRunGaussianEpsilon: delta', options.delta, 1 - 2 ** -53);
  const significance = checkSignificance('oneRunGaussianEpsilon', options.confidence);
  const mu = largestRefuted((candidate) => refutesGaussian(found, candidate, significance));
  if (mu === 0) return 0;
  return analyticGaussianEpsilon({ sensitivity: mu, noiseStd: 1, delta });
}

/**
 * Whether guesses this good refute μ-Gaussian differential privacy (Algorithm 4 of arXiv 2410.22235): from tail mass r of the
 * best outcomes and h of the rest, each earlier outcome holds at least what the trade-off curve maps r to.
 */
export function refutesGaussian({ canaries, guesses, correct }: Guesses, mu: number, significance: number): boolean {
  let right = (significance * correct) / canaries;
  let rest = (significance * (guesses - correct)) / canaries;
  for (let i = correct - 1; i >= 0; i--) {
    const next = right >= 1 ? 1 : Math.max(rest, normalCdf(-normalUpperQuantile(right) - mu));
    // Once it stops growing it has stopped for good.
    if (next === rest) break;
    right = Math.min(1, right + (i / (guesses - i)) * (next - rest));
    rest = next;
  }
  return right + rest > guesses / canaries;
}

/** The largest x ≥ 0 with `refuted`, within 1e-9 from below, for a predicate that holds up to some x; 0 if none. */
function largestRefuted(refuted: (x: number) => boolean): number {
  if (!refuted(0)) return 0;
  let low = 0;
  let high = 1;
  while (refuted(high)) {
    low = high;
    high *= 2;
    if (high > 1e4) return low;
  }
  while (high - low > 1e-9 * Math.max(1, low)) {
    const middle = (low + high) / 2;
    if (refuted(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function checkGuesses(where: string, found: Guesses): Guesses {
  const canaries = checkInteger(`${where}: canaries`, found.canaries, 1, 1e8);
  const guesses = checkInteger(`${where}: guesses`, found.guesses, 1, canaries);
  return { canaries, guesses, correct: checkInteger(`${where}: correct`, found.correct, 0, guesses) };
}

function checkSignificance(where: string, confidence: number): number {
  checkNumber(`${where}: confidence`, confidence);
  if (!(confidence > 0 && confidence < 1))
    refuse('OUT_OF_RANGE', `${where}: confidence`, 'a number in (0, 1)', confidence);
  return 1 - confidence;
}
