/**
 * Samplers of Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (NeurIPS 2020, arXiv 2004.00010),
 * Algorithms 1 to 3, in exact integer arithmetic: the only randomness is uniform integers, the only decisions are
 * comparisons of integers. The reference that the tables are held against.
 *
 * Proof: Propositions 20 to 23 of the paper. Numbers are doubles while every product is an integer below 2^53, where doubles
 * are exact, and BigInt beyond.
 *
 * Not constant-time.
 *
 * @module
 */
import type { Fraction } from './fraction.ts';
import type { Draws } from './words.ts';

/** True with probability e^(−numerator/denominator), for 0 ≤ numerator and 1 ≤ denominator ≤ 2^53 (Algorithm 1). */
export function bernoulliExp(numerator: number, denominator: number, draws: Draws): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) if (!bernoulliExpFraction(1, 1, draws)) return false;
  return bernoulliExpFraction(rest, denominator, draws);
}

/** The same for numerator ≤ denominator: the first k at which Bernoulli(γ/k) fails is odd with probability e^(−γ). */
function bernoulliExpFraction(numerator: number, denominator: number, draws: Draws): boolean {
  let k = 1;
  while (draws.bernoulli(1, k) && draws.bernoulli(numerator, denominator)) k++;
  return k % 2 === 1;
}

/** {@link bernoulliExp} for integers of any size. */
export function bernoulliExpBig(numerator: bigint, denominator: bigint, draws: Draws): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) if (!bernoulliExpFraction(1, 1, draws)) return false;
  let k = 1;
  while (draws.bernoulli(1, k) && draws.bernoulliBig(rest, denominator)) k++;
  return k % 2 === 1;
}

/**
 * Discrete Laplace of an integer scale: P(k) proportional to e^(−|k|/scale) (Algorithm 2 with s = 1).
 *
 * @param scale - An integer in [1, 2^31].
 */
export function discreteLaplace(scale: number, draws: Draws): number {
  for (;;) {
    const candidate = laplaceCandidate(scale, draws);
    if (candidate !== undefined) return candidate;
  }
}

/** One pass of Algorithm 2's loop: k with probability proportional to e^(−|k|/scale), or nothing. */
export function laplaceCandidate(scale: number, draws: Draws): number | undefined {
  const remainder = draws.below(scale);
  if (!bernoulliExpFraction(remainder, scale, draws)) return undefined;
  let quotient = 0;
  while (bernoulliExpFraction(1, 1, draws)) quotient++;
  const magnitude = remainder + scale * quotient;
  if (draws.bernoulli(1, 2)) return magnitude;
  return magnitude === 0 ? undefined : -magnitude;
}

/** Discrete Laplace of a rational scale t/s > 0: P(k) proportional to e^(−|k| s/t) (Algorithm 2). */
export function discreteLaplaceBig(scale: Fraction, draws: Draws): bigint {
  for (;;) {
    const candidate = laplaceCandidateBig(scale, draws);
    if (candidate !== undefined) return candidate;
  }
}

/** {@link laplaceCandidate} for a rational scale. */
export function laplaceCandidateBig({ numerator: t, denominator: s }: Fraction, draws: Draws): bigint | undefined {
  const remainder = draws.belowBig(t);
  if (!bernoulliExpBig(remainder, t, draws)) return undefined;
  let quotient = 0n;
  while (bernoulliExpFraction(1, 1, draws)) quotient += 1n;
  const magnitude = (remainder + t * quotient) / s;
  if (draws.bernoulli(1, 2)) return magnitude;
  return magnitude === 0n ? undefined : -magnitude;
}

/** The largest integer whose square is an exact double. */
const largestSquarable = 94906265;

/**
 * Discrete Gaussian: P(k) proportional to e^(−k²/(2·variance)) (Algorithm 3), for an integer variance ≥ 1 with
 * 2·variance·t² ≤ 2^53, where t = ⌊√variance⌋ + 1.
 */
export function discreteGaussian(variance: number, draws: Draws): number {
  const scale = Math.floor(Math.sqrt(variance)) + 1;
  for (;;) {
    const candidate = discreteLaplace(scale, draws);
    if (keepGaussian(candidate, variance, scale, draws)) return candidate;
  }
}

/** True with probability e^(−(|k| − σ²/t)²/(2σ²)), which makes a discrete Laplace of scale t a discrete Gaussian. */
export function keepGaussian(candidate: number, variance: number, scale: number, draws: Draws): boolean {
  const distance = Math.abs(Math.abs(candidate) * scale - variance);
  const denominator = 2 * variance * scale * scale;
  return distance <= largestSquarable
    ? bernoulliExp(distance * distance, denominator, draws)
    : bernoulliExpBig(BigInt(distance) ** 2n, BigInt(denominator), draws);
}

/** {@link discreteGaussian} for any rational variance p/q > 0. */
export function discreteGaussianBig(variance: Fraction, draws: Draws): bigint {
  const scale = squareRoot(variance.numerator / variance.denominator) + 1n;
  for (;;) {
    const candidate = discreteLaplaceBig({ numerator: scale, denominator: 1n }, draws);
    if (keepGaussianBig(candidate, variance, scale, draws)) return candidate;
  }
}

/** {@link keepGaussian} for a rational variance. */
export function keepGaussianBig(
  candidate: bigint,
  { numerator: p, denominator: q }: Fraction,
  scale: bigint,
  draws: Draws,
): boolean {
  const distance = (candidate < 0n ? -candidate : candidate) * q * scale - p;
  return bernoulliExpBig(distance * distance, 2n * p * q * scale * scale, draws);
}

/** ⌊√n⌋ by Newton's iteration from above. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
