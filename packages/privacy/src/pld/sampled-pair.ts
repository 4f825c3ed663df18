/**
 * Pairs made of other pairs: Poisson sampling under add-or-remove (Zhu, Dong and Wang 2022, Theorem 11), and a mixture
 * whose component is seen.
 *
 * @module
 */
import { log1pOfExpm1 } from '../special/exponential.ts';
import { type DominatingPair, type DominatingPairs, newTails, type Tails } from './pair.ts';
import { exp, expm1, log1p } from '../special/elementary.ts';

/**
 * (1 − q)·Q + q·P against Q: a sampled record removed. Where the unsampled loss is l, this one is log(1 − q + q·exp(l)), so
 * every tail is a sum of tails of the unsampled pair at l, and nothing cancels.
 */
export function sampledRemovePair(probability: number, pair: DominatingPair): DominatingPair {
  const rest = 1 - probability;
  const transform = (loss: number): number => log1pOfExpm1(probability, loss);
  return {
    minimum: transform(pair.minimum),
    maximum: transform(pair.maximum),
    infinity: probability * pair.infinity,
    atoms: pair.atoms.map(transform),
    evaluate(epsilon: number, out: Tails): void {
      // expm1(l) ≤ −1 where every loss is above ε.
      const unsampled = log1pOfExpm1(1 / probability, epsilon);
      if (!(unsampled > -Infinity)) {
        everything(epsilon, out);
        return;
      }
      pair.evaluate(unsampled, out);
      out.p = rest * out.q + probability * out.p;
      out.weighted = rest * out.q + probability * out.weighted;
      out.divergence = Math.max(probability * out.divergence, epsilon < 0 ? -expm1(epsilon) : 0);
    },
  };
}

/**
 * P against (1 − q)·P + q·Q: a sampled record added, `pair` being the unsampled pair of that direction. Where the unsampled
 * loss is l, this one is −log(1 − q + q·exp(−l)), at most −log(1 − q).
 */
export function sampledAddPair(probability: number, pair: DominatingPair): DominatingPair {
  const rest = 1 - probability;
  // At an infinite loss this is −log(1 − q).
  const transform = (loss: number): number => -log1pOfExpm1(probability, -loss);
  return {
    minimum: transform(pair.minimum),
    maximum: pair.infinity > 0 ? -log1p(-probability) : transform(pair.maximum),
    infinity: 0,
    atoms: [
      ...pair.atoms.map(transform),
      // Where the unsampled loss is infinite, the sampled one is −log(1 − q).
      ...(pair.infinity > 0 ? [-log1p(-probability)] : []),
    ],
    evaluate(epsilon: number, out: Tails): void {
      const unsampled = -log1pOfExpm1(1 / probability, -epsilon);
      if (!(unsampled < Infinity)) {
        Object.assign(out, newTails());
        return;
      }
      pair.evaluate(unsampled, out);
      // exp(ε) = 1 / (1 − q + q·exp(−l)) makes the weighted tail a mean of the unsampled ones.
      const far = unsampled < 0 ? probability : probability * exp(-unsampled);
      const near = unsampled < 0 ? rest * exp(unsampled) : rest;
      out.q = rest * out.p + probability * out.q;
      out.weighted = (near * out.p + far * out.weighted) / (near + far);
      out.divergence = Math.max((far / (near + far)) * out.divergence, epsilon < 0 ? -expm1(epsilon) : 0);
    },
  };
}

/** Both directions on a Poisson sample of unsampled `pairs`. */
export function sampledPairs(probability: number, pairs: DominatingPairs): DominatingPairs {
  return [sampledRemovePair(probability, pairs[0]), sampledAddPair(probability, pairs[1] ?? pairs[0])];
}

/** With probability `weight` the pair `first`, else `second`, and which of them is part of the output. */
export function mixedPair(weight: number, first: DominatingPair, second: DominatingPair): DominatingPair {
  const other = newTails();
  return {
    minimum: Math.min(first.minimum, second.minimum),
    maximum: Math.max(first.maximum, second.maximum),
    infinity: weight * first.infinity + (1 - weight) * second.infinity,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      first.evaluate(epsilon, other);
      second.evaluate(epsilon, out);
      out.p = weight * other.p + (1 - weight) * out.p;
      out.q = weight * other.q + (1 - weight) * out.q;
      out.weighted = weight * other.weighted + (1 - weight) * out.weighted;
      out.divergence = weight * other.divergence + (1 - weight) * out.divergence;
    },
  };
}

/** The tails at an ε below every loss. */
export function everything(epsilon: number, out: Tails): void {
  out.p = 1;
  out.q = 1;
  out.weighted = exp(epsilon);
  out.divergence = -expm1(epsilon);
}
