/**
 * How much gradient K local steps accumulate: ‖a‖₁ of Wang et al., "Tackling the Objective Inconsistency Problem in
 * Heterogeneous Federated Optimization", NeurIPS 2020, §4, https://arxiv.org/abs/2007.07481.
 *
 * @module
 */

/**
 * By how much K local steps move against a gradient that stays the same, in units of η times that gradient:
 *
 * | local solver | ‖a‖₁ |
 * | --- | --- |
 * | SGD | K |
 * | momentum ρ | [K − ρ·(1 − ρᴷ)/(1 − ρ)]/(1 − ρ) |
 * | proximal μ | [1 − (1 − ημ)ᴷ]/(ημ) |
 *
 * Taken step by step, u ← ρ·u + 1 − ημ·a; a ← a + u, which is each closed form of the table and also covers both
 * together. O(K) time; + − × alone.
 */
export function accumulation(
  steps: number,
  { learningRate, momentum = 0 }: { readonly learningRate: number; readonly momentum?: number },
  mu = 0,
): number {
  if (momentum === 0 && mu === 0) return steps;
  let total = 0;
  let velocity = 0;
  for (let step = 0; step < steps; step++) {
    velocity = momentum * velocity + 1 - learningRate * mu * total;
    total += velocity;
  }
  return total;
}
