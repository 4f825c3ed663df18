/**
 * Gaussian pairs in closed form: N(d, σ²) against N(0, σ²) (Balle and Wang 2018), and its Poisson-sampled form under
 * replace-one, where both sides are mixtures.
 *
 * @module
 */
import { millsRatio, normalUpperTail } from '../special/normal.ts';
import type { DominatingPair, Tails } from './pair.ts';

const SQRT_2PI = 2.5066282746310002;

/** P = N(distance, std²), Q = N(0, std²); the same in both directions. `ratio` = distance / std. */
export function gaussianPair(ratio: number): DominatingPair {
  return {
    minimum: -Infinity,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      // L > ε where the noise exceeds ε/ratio − ratio/2 under P, and ε/ratio + ratio/2 under Q.
      const x = epsilon / ratio - 0.5 * ratio;
      const y = epsilon / ratio + 0.5 * ratio;
      if (x > 0) {
        const density = Math.exp(-0.5 * x * x) / SQRT_2PI;
        const mx = millsRatio(x);
        const my = millsRatio(y);
        out.p = density * mx;
        out.q = density * Math.exp(-epsilon) * my;
        // exp(ε)·φ(y) = φ(x), which leaves a difference of two decreasing, well separated ratios.
        out.divergence = density * (mx - my);
      } else {
        out.p = normalUpperTail(x);
        out.q = normalUpperTail(y);
        // Below zero the divergence is 1 − exp(ε) plus that of the other direction, which is small.
        out.divergence =
          y < 0
            ? -Math.expm1(epsilon) + Math.exp(epsilon) * normalUpperTail(-y) - normalUpperTail(-x)
            : out.p - Math.exp(epsilon) * out.q;
      }
      if (out.divergence < 0) out.divergence = 0;
    },
  };
}

/**
 * P = (1 − q)·N(0) + q·N(d), Q = (1 − q)·N(0) + q·N(−d), in units of the standard deviation: the pair of the Poisson
 * sampled Gaussian under replace-one, the same in both directions.
 */
export function sampledReplacePair(probability: number, ratio: number): DominatingPair {
  const rest = 1 - probability;
  const c = probability * Math.exp(-0.5 * ratio * ratio);
  return {
    minimum: -Infinity,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      // The loss is odd in the noise, so negative ε mirrors: P(L > −ε) = 1 − Q(L > ε), Q(L > −ε) = 1 − P(L > ε).
      const size = Math.abs(epsilon);
      const t = Math.exp(size);
      // With y = exp(d·x): c·y² + (1 − q)(1 − t)·y − t·c = 0; in the form that cannot overflow for tiny c.
      const b = rest * Math.expm1(size);
      const root = 2 * c * Math.sqrt(t);
      const y = Math.log((b + Math.sqrt(b * b + root * root)) / 2) + 0.5 * ratio * ratio - Math.log(probability);
      const x = y / ratio;
      const zero = normalUpperTail(x);
      const plus = normalUpperTail(x - ratio);
      const minus = normalUpperTail(x + ratio);
      const p = rest * zero + probability * plus;
      const q = rest * zero + probability * minus;
      const divergence = Math.max(probability * (plus - t * minus) - b * zero, 0);
      if (epsilon >= 0) {
        out.p = p;
        out.q = q;
        out.divergence = divergence;
      } else {
        out.p = 1 - q;
        out.q = 1 - p;
        out.divergence = -Math.expm1(epsilon) + Math.exp(epsilon) * divergence;
      }
    },
  };
}
