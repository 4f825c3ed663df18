/**
 * Mixtures of Gaussians against one Gaussian, and the truncated Poisson sampling built from them.
 *
 * @module
 */
import { normalUpperTail } from '../special/normal.ts';
import { gaussianPair, sampledReplacePair } from './gaussian-pair.ts';
import type { DominatingPair, DominatingPairs, Tails } from './pair.ts';
import { mixedPair, sampledAddPair, sampledRemovePair } from './sampled-pair.ts';

/**
 * Both directions of Σᵢ pᵢ·N(rᵢ, 1) against N(0, 1), `ratios` rᵢ ≥ 0 in units of the standard deviation
 * (Choquette-Choo, Ganesh, Steinke and Thakurta 2024).
 */
export function mixturePairs(ratios: readonly number[], probabilities: readonly number[]): DominatingPairs {
  const kept = ratios.map((ratio, i) => ({ ratio, probability: probabilities[i] })).filter((c) => c.probability > 0);
  const absent = kept.reduce((sum, c) => (c.ratio === 0 ? sum + c.probability : sum), 0);
  const present = kept.filter(({ ratio }) => ratio > 0);
  const presence = present.reduce((sum, c) => sum + c.probability, 0);
  const largest = present.reduce((best, c) => (c.ratio > best.ratio ? c : best));
  const minimum = absent > 0 ? Math.log(absent) : -Infinity;

  // The noise x at which the loss Σᵢ pᵢ·exp(rᵢx − rᵢ²/2) reaches exp(ε): Newton from the right on a convex logarithm.
  const threshold = (epsilon: number): number => {
    const target = Math.log(Math.expm1(epsilon) + presence);
    let x = (target - Math.log(largest.probability)) / largest.ratio + 0.5 * largest.ratio;
    for (let i = 0; i < 100; i++) {
      let top = -Infinity;
      for (const { ratio, probability } of present) {
        top = Math.max(top, Math.log(probability) + ratio * x - 0.5 * ratio * ratio);
      }
      let sum = 0;
      let slope = 0;
      for (const { ratio, probability } of present) {
        const term = probability * Math.exp(ratio * x - 0.5 * ratio * ratio - top);
        sum += term;
        slope += ratio * term;
      }
      const step = ((top + Math.log(sum) - target) * sum) / slope;
      x -= step;
      if (Math.abs(step) <= 1e-14 * Math.max(1, Math.abs(x))) break;
    }
    return x;
  };

  const remove: DominatingPair = {
    minimum,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      const change = Math.expm1(epsilon);
      if (change + presence <= 0) {
        out.p = 1;
        out.q = 1;
        out.divergence = -change;
        return;
      }
      const x = threshold(epsilon);
      const zero = normalUpperTail(x);
      let moved = 0;
      for (const { ratio, probability } of present) moved += probability * normalUpperTail(x - ratio);
      out.p = absent * zero + moved;
      out.q = zero;
      out.divergence = Math.max(moved - (change + presence) * zero, -change, 0);
    },
  };

  const add: DominatingPair = {
    minimum: -Infinity,
    maximum: absent > 0 ? -Math.log(absent) : Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      const change = Math.expm1(-epsilon);
      if (change + presence <= 0) {
        out.p = 0;
        out.q = 0;
        out.divergence = 0;
        return;
      }
      const x = threshold(-epsilon);
      const zero = normalUpperTail(-x);
      let moved = 0;
      for (const { ratio, probability } of present) moved += probability * normalUpperTail(ratio - x);
      out.p = zero;
      out.q = absent * zero + moved;
      // p − t·q = t·((1/t − p₀)·zero − moved)
      out.divergence = Math.max(Math.exp(epsilon) * ((change + presence) * zero - moved), -Math.expm1(epsilon), 0);
    },
  };
  return [remove, add];
}

/**
 * Poisson sampling cut at `maxCohort`: a cut batch has one record pushed out for the one that joined, a change of twice
 * the norm. An upper bound that no pair of neighbours need attain (dp_accounting 0.6.0, from_truncated_subsampled_
 * gaussian_mechanism, whose construction this follows).
 *
 * @param ratio - Record norm over noise standard deviation.
 */
export function truncatedPairs(options: {
  population: number;
  probability: number;
  maxCohort: number;
  ratio: number;
  replaceOne: boolean;
}): DominatingPairs {
  const { population, probability, maxCohort, ratio, replaceOne } = options;
  const whole: DominatingPairs = replaceOne
    ? [sampledReplacePair(probability, ratio)]
    : [sampledRemovePair(probability, gaussianPair(ratio)), sampledAddPair(probability, gaussianPair(ratio))];
  // That the batch is cut, given that the record joined; and that it joined and stayed, given a cut batch.
  const cut = binomialUpperTail(population - 1, probability, maxCohort);
  if (cut < 1e-300) return whole;
  const joined = (binomialUpperTail(population, probability, maxCohort + 1) * maxCohort) / cut / population;
  const pushed = sampledReplacePair(Math.min(joined, 1 - 2 ** -53), 2 * ratio);
  return whole.map((pair) => mixedPair(cut, pushed, pair)) as unknown as DominatingPairs;
}

/** P(Bin(n, p) ≥ k), by ratios of neighbouring terms from the mode, normalized by their sum. */
export function binomialUpperTail(n: number, p: number, k: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / (1 - p);
  let below = 0;
  let above = 0;
  const add = (at: number, term: number): void => {
    if (at >= k) above += term;
    else below += term;
  };
  add(mode, 1);
  let term = 1;
  for (let i = mode; i < n && (term > 1e-300 || i < k); i++) add(i + 1, (term *= ((n - i) / (i + 1)) * odds));
  term = 1;
  for (let i = mode; i > 0 && (term > 1e-300 || i > k); i--) add(i - 1, (term *= i / (n - i + 1) / odds));
  return above / (above + below);
}
