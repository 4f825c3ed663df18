/**
 * Mixtures of Gaussians against one Gaussian, and the truncated Poisson sampling built from them.
 *
 * @module
 */
import { log1pOfExpm1 } from '../special/exponential.ts';
import { millsRatio, normalDensity, normalUpperTail } from '../special/normal.ts';
import { gaussianPair, sampledReplacePair } from './gaussian-pair.ts';
import type { DominatingPair, DominatingPairs, Tails } from './pair.ts';
import { everything, mixedPair, sampledAddPair, sampledRemovePair } from './sampled-pair.ts';
import { exp, expm1, ln, log1p } from '../special/elementary.ts';

/**
 * Both directions of Σᵢ pᵢ·N(rᵢ, 1) against N(0, 1), `ratios` rᵢ ≥ 0 in units of the standard deviation
 * (Choquette-Choo, Ganesh, Steinke and Thakurta 2024).
 */
export function mixturePairs(ratios: readonly number[], probabilities: readonly number[]): DominatingPairs {
  const total = probabilities.reduce((sum, probability) => sum + probability, 0);
  const kept = ratios
    .map((ratio, i) => ({ ratio, probability: probabilities[i] / total }))
    .filter((c) => c.probability > 0);
  const absent = kept.reduce((sum, c) => (c.ratio === 0 ? sum + c.probability : sum), 0);
  const present = kept.filter(({ ratio }) => ratio > 0);
  const presence = present.reduce((sum, c) => sum + c.probability, 0);
  const largest = present.reduce((best, c) => (c.ratio > best.ratio ? c : best));
  const minimum = absent > 0 ? ln(absent) : -Infinity;

  // The noise x at which log Σ (pᵢ/Σpᵢ)·exp(rᵢx − rᵢ²/2) over the present reaches `target`: Newton from the right on a convex logarithm.
  const threshold = (target: number): number => {
    const logPresence = ln(presence);
    let x = (target + logPresence - ln(largest.probability)) / largest.ratio + 0.5 * largest.ratio;
    for (let i = 0; i < 200; i++) {
      let top = -Infinity;
      for (const { ratio } of present) top = Math.max(top, ratio * (x - 0.5 * ratio));
      // Close to 0 the logarithm of the sum is had from its distance to 1.
      const shift = Math.abs(top) < 1 ? 0 : top;
      let sum = 0;
      let change = 0;
      let slope = 0;
      for (const { ratio, probability } of present) {
        const exponent = ratio * (x - 0.5 * ratio) - shift;
        const term = (probability / presence) * exp(exponent);
        sum += term;
        change += (probability / presence) * expm1(exponent);
        slope += ratio * term;
      }
      const reached = shift === 0 && change > -0.5 ? log1p(change) : shift + ln(sum);
      const step = ((reached - target) * sum) / slope;
      x -= step;
      if (!(Math.abs(step) > 1e-15 * Math.abs(x) + 1e-17)) break;
    }
    return x;
  };

  const remove: DominatingPair = {
    minimum,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      const target = log1pOfExpm1(1 / presence, epsilon);
      if (!(target > -Infinity)) {
        everything(epsilon, out);
        return;
      }
      const x = threshold(target);
      const zero = normalUpperTail(x);
      const mills = x < 0 ? 0 : millsRatio(x);
      let p = absent * zero;
      let weighted = p;
      let divergence = 0;
      for (const { ratio, probability } of present) {
        const tail = normalUpperTail(x - ratio);
        const density = normalDensity(x - ratio);
        p += probability * tail;
        weighted += probability * density * mills;
        divergence += probability * (x > ratio ? density * (millsRatio(x - ratio) - mills) : tail - density * mills);
      }
      out.p = p;
      out.q = zero;
      // Left of 0 the loss is negative and exp(ε) harmless.
      out.weighted = x < 0 ? exp(epsilon) * zero : weighted;
      out.divergence = Math.max(x < 0 ? p - out.weighted : divergence, epsilon < 0 ? -expm1(epsilon) : 0);
    },
  };

  // The same tails from the other side: the loss is minus that of the removed record, its noise mirrored.
  const add: DominatingPair = {
    minimum: -Infinity,
    maximum: absent > 0 ? -ln(absent) : Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      const target = log1pOfExpm1(1 / presence, -epsilon);
      if (!(target > -Infinity)) {
        out.p = 0;
        out.q = 0;
        out.weighted = 0;
        out.divergence = 0;
        return;
      }
      const x = threshold(target);
      const zero = normalUpperTail(-x);
      out.p = zero;
      out.q = kept.reduce((sum, { ratio, probability }) => sum + probability * normalUpperTail(ratio - x), 0);
      if (x < 0) {
        // exp(ε) = φ(x) / Σ pᵢ·φ(x − rᵢ), and every tail is a density times Mills' ratio: a mean of ratios, whose weights are
        // relative to the greatest.
        const exponents = kept.map(({ ratio, probability }) => ln(probability) - ratio * (0.5 * ratio - x));
        const top = exponents.reduce((most, exponent) => Math.max(most, exponent), -Infinity);
        let total = 0;
        let mean = 0;
        exponents.forEach((exponent, i) => {
          const part = exp(exponent - top);
          total += part;
          mean += part * millsRatio(kept[i].ratio - x);
        });
        out.weighted = normalDensity(x) * (mean / total);
      } else {
        out.weighted = exp(epsilon) * out.q;
      }
      out.divergence = Math.max(zero - out.weighted, epsilon < 0 ? -expm1(epsilon) : 0);
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
  for (let i = mode; i < n && (term > 1e-300 || (i < k && term > 0)); i++)
    add(i + 1, (term *= ((n - i) / (i + 1)) * odds));
  term = 1;
  for (let i = mode; i > 0 && (term > 1e-300 || (i > k && term > 0)); i--) add(i - 1, (term *= i / (n - i + 1) / odds));
  return above / (above + below);
}
