/**
 * Pairs made of other pairs: Poisson sampling under add-or-remove (Zhu, Dong and Wang 2022, Theorem 11), and a mixture
 * whose component is seen.
 *
 * @module
 */
import { type DominatingPair, newTails, type Tails } from './pair.ts';

/**
 * (1 − q)·Q + q·P against Q: a sampled record removed. Its hockey-stick divergence at ε is q times that of the pair at
 * log(1 + (exp(ε) − 1)/q).
 */
export function sampledRemovePair(probability: number, pair: DominatingPair): DominatingPair {
  const minimum = Math.log1p(probability * Math.expm1(pair.minimum));
  return {
    minimum,
    maximum: Math.log1p(probability * Math.expm1(pair.maximum)),
    infinity: probability * pair.infinity,
    atoms: pair.atoms.map((loss) => Math.log1p(probability * Math.expm1(loss))),
    evaluate(epsilon: number, out: Tails): void {
      const change = Math.expm1(epsilon) / probability;
      if (change <= -1) {
        out.p = 1;
        out.q = 1;
        out.divergence = -Math.expm1(epsilon);
        return;
      }
      pair.evaluate(Math.log1p(change), out);
      out.p = (1 - probability) * out.q + probability * out.p;
      out.divergence = Math.max(probability * out.divergence, epsilon < 0 ? -Math.expm1(epsilon) : 0);
    },
  };
}

/**
 * P against (1 − q)·P + q·Q: a sampled record added, `pair` being the unsampled pair of that direction. With t = exp(ε)
 * its divergence is (1 − t(1 − q)) times that of the pair at log(tq / (1 − t(1 − q))), and zero from t = 1/(1 − q) on.
 */
export function sampledAddPair(probability: number, pair: DominatingPair): DominatingPair {
  const rest = 1 - probability;
  // At an infinite loss this is −log(1 − q).
  const transform = (loss: number): number => -Math.log1p(probability * Math.expm1(-loss));
  return {
    minimum: transform(pair.minimum),
    maximum: pair.infinity > 0 ? -Math.log(rest) : transform(pair.maximum),
    infinity: 0,
    atoms: [
      ...pair.atoms.map(transform),
      // Where the unsampled loss is infinite, the sampled one is −log(1 − q).
      ...(pair.infinity > 0 ? [-Math.log(rest)] : []),
    ],
    evaluate(epsilon: number, out: Tails): void {
      // 1 − t(1 − q) and t·q / (1 − t(1 − q)) − 1, without cancellation near t = 1.
      const change = Math.expm1(epsilon);
      const remaining = probability - change * rest;
      if (remaining <= 0) {
        out.p = 0;
        out.q = 0;
        out.divergence = 0;
        return;
      }
      pair.evaluate(Math.log1p(change / remaining), out);
      out.q = rest * out.p + probability * out.q;
      out.divergence = Math.max(remaining * out.divergence, epsilon < 0 ? -change : 0);
    },
  };
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
      out.divergence = weight * other.divergence + (1 - weight) * out.divergence;
    },
  };
}
