/**
 * Dominating pairs of distributions, seen through their privacy loss L = log dP/dQ.
 *
 * @module
 */

/**
 * What a pair says at one loss ε. Reused between calls. All of it is of one loss within {@link LOSS_ERROR} · |ε| of the one
 * asked about, and nothing in it overflows, however large ε is.
 */
export interface Tails {
  /** P(L > ε), relative error within {@link EVALUATION_ERROR}. */
  p: number;
  /** Q(L > ε), relative error within {@link EVALUATION_ERROR}; 0 where it is below the range of float64. */
  q: number;
  /** exp(ε)·Q(L > ε) ≤ p, relative error within {@link EVALUATION_ERROR}; what is left of q where ε is large. */
  weighted: number;
  /** The hockey-stick divergence p − exp(ε)·q, error within {@link EVALUATION_ERROR} · p. */
  divergence: number;
}

/**
 * A pair (P, Q) that dominates a mechanism (Zhu, Dong and Wang 2022): for every ε the hockey-stick divergence of its
 * outputs on neighbours, in one direction, is at most that of the pair.
 */
export interface DominatingPair {
  /** Losses are ≥ this, P-almost surely; -Infinity where there is no bound. */
  readonly minimum: number;
  /** Finite losses are ≤ this; Infinity where there is no bound. */
  readonly maximum: number;
  /** P(L = ∞). */
  readonly infinity: number;
  /** Distance over standard deviation, if this is N(d, σ²) against N(0, σ²). */
  readonly gaussianRatio?: number;
  /** Losses that carry probability by themselves, heaviest first; a grid through them discretizes without error. */
  readonly atoms: readonly number[];
  /** Evaluates the tails at a finite ε into `out`. */
  evaluate(epsilon: number, out: Tails): void;
}

/** The pairs of a mechanism, one for each direction of the relation; one alone if both are the same. */
export type DominatingPairs = readonly [DominatingPair] | readonly [DominatingPair, DominatingPair];

/**
 * What certification allows every evaluation of a tail: 2^-38. It covers the special functions written here, whose exponentials
 * and logarithms are this package's own (special/elementary.ts): of its engine it assumes IEEE 754 alone. Tests hold the
 * evaluations to a quarter of it.
 */
export const EVALUATION_ERROR: number = 2 ** -38;

/** How far from the loss asked about, relative to it, an evaluation may be: losses beyond 1e6 move by more than their tails allow. */
export const LOSS_ERROR: number = 2 ** -48;

/** Fresh storage for {@link DominatingPair.evaluate}. */
export function newTails(): Tails {
  return { p: 0, q: 0, weighted: 0, divergence: 0 };
}
