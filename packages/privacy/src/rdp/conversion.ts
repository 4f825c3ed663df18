/**
 * From Rényi divergence to (ε, δ): Canonne, Kamath and Steinke 2020, Proposition 12, and for δ near 1 the bound by total
 * variation, δ ≤ √(1 − exp(−KL)) with KL ≤ every Rényi divergence (Bretagnolle and Huber).
 *
 * @module
 */
import { expm1, ln, log1p } from '../special/elementary.ts';

/** An upper bound of ε ≥ 0 at δ, from the divergence of one order > 1. */
export function epsilonOfDivergence(divergence: number, order: number, delta: number): number {
  if (delta * delta + expm1(-divergence) >= 0) return 0;
  if (order <= 1.01) return Infinity;
  const epsilon = divergence + log1p(-1 / order) - ln(delta * order) / (order - 1);
  return Math.max(epsilon, 0);
}

/** An upper bound of log δ at ε ≥ 0, from the divergence of one order > 1.01. Convex in the order if (order − 1)·divergence is. */
export function logDeltaOfDivergence(divergence: number, order: number, epsilon: number): number {
  if (divergence === 0) return -Infinity;
  return (order - 1) * (divergence - epsilon + log1p(-1 / order)) - ln(order);
}

/** An upper bound of log δ at every ε ≥ 0 by total variation, from the divergence of any order > 1. */
export function logTotalVariation(divergence: number): number {
  return divergence === 0 ? -Infinity : 0.5 * ln(-expm1(-divergence));
}
