/**
 * Gaussian pairs in closed form: N(d, σ²) against N(0, σ²) (Balle and Wang 2018), and its Poisson-sampled form under
 * replace-one, where both sides are mixtures.
 *
 * Everything is written at the noise x at which the loss passes ε, with densities in place of exp(ε): there
 * exp(ε)·φ(y) = φ(x), so no exponential of a loss is ever taken.
 *
 * @module
 */
import { millsRatio, normalDensity, normalUpperTail } from '../special/normal.ts';
import type { DominatingPair, Tails } from './pair.ts';
import { exp, expm1, ln, log1p, sinh } from '../special/elementary.ts';

/** P = N(distance, std²), Q = N(0, std²); the same in both directions. `ratio` = distance / std. */
export function gaussianPair(ratio: number): DominatingPair {
  return {
    minimum: -Infinity,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    gaussianRatio: ratio,
    evaluate(epsilon: number, out: Tails): void {
      // L > ε where the noise exceeds ε/ratio − ratio/2 under P, and ε/ratio + ratio/2 under Q.
      const x = epsilon / ratio - 0.5 * ratio;
      const y = epsilon / ratio + 0.5 * ratio;
      out.p = normalUpperTail(x);
      out.q = normalUpperTail(y);
      if (y < 0) {
        // Below zero the divergence is 1 − exp(ε) plus that of the other direction, which is small.
        const size = exp(epsilon);
        out.weighted = size * out.q;
        out.divergence = -expm1(epsilon) + size * normalUpperTail(-y) - normalUpperTail(-x);
      } else {
        const density = normalDensity(x);
        out.weighted = density * millsRatio(y);
        out.divergence = x > 0 ? density * (millsRatio(x) - millsRatio(y)) : out.p - out.weighted;
      }
      out.divergence = Math.max(out.divergence, 0);
    },
  };
}

/**
 * P = (1 − q)·N(0) + q·N(d), Q = (1 − q)·N(0) + q·N(−d), in units of the standard deviation: the pair of the Poisson
 * sampled Gaussian under replace-one, the same in both directions.
 */
export function sampledReplacePair(probability: number, ratio: number): DominatingPair {
  const rest = 1 - probability;
  const logOdds = ln(rest / probability) + 0.5 * ratio * ratio;
  return {
    minimum: -Infinity,
    maximum: Infinity,
    infinity: 0,
    atoms: [],
    evaluate(epsilon: number, out: Tails): void {
      // The loss is odd in the noise, so negative ε mirrors: P(L > −ε) = 1 − Q(L > ε), Q(L > −ε) = 1 − P(L > ε).
      const size = Math.abs(epsilon);
      const x = (0.5 * size + asinhOfExp(logOdds, 0.5 * size)) / ratio;
      const zero = normalDensity(x);
      const density = rest * zero + probability * normalDensity(x - ratio);
      // Of Q's density at x, the part that N(−d) has.
      const odds = (probability / rest) * exp(-ratio * (x + 0.5 * ratio));
      const far = odds / (1 + odds);
      const near = millsRatio(x);
      const fall = far * (near - millsRatio(x + ratio));
      const weighted = density * (near - fall);
      const p = rest * normalUpperTail(x) + probability * normalUpperTail(x - ratio);
      const q = rest * normalUpperTail(x) + probability * normalUpperTail(x + ratio);
      const divergence =
        x > ratio
          ? probability * normalDensity(x - ratio) * (millsRatio(x - ratio) - near) + density * fall
          : Math.max(p - weighted, 0);
      if (epsilon >= 0) {
        out.p = p;
        out.q = q;
        out.weighted = weighted;
        out.divergence = divergence;
      } else {
        const t = exp(epsilon);
        out.p = 1 - q;
        out.q = 1 - p;
        out.weighted = t * out.q;
        out.divergence = -expm1(epsilon) + t * divergence;
      }
    },
  };
}

/** asinh(exp(log) · sinh(x)) for x ≥ 0, of any size, with small relative error. */
function asinhOfExp(log: number, x: number): number {
  if (x === 0) return 0;
  // log(2·sinh(x))
  const size = x < 1 ? ln(2 * x * sinhc(x)) : x + log1p(-exp(-2 * x));
  const exponent = log + size;
  // asinh(b) is log(2b) within 1/(4b²).
  if (exponent > 40) return exponent;
  const b = log < 600 && x < 1 ? exp(log) * x * sinhc(x) : 0.5 * exp(exponent);
  return log1p(b + (b * b) / (1 + Math.sqrt(1 + b * b)));
}

/** sinh(x)/x for 0 ≤ x < 1. */
function sinhc(x: number): number {
  return x < 0.1 ? 1 + (x * x * (1 + (x * x * (1 + (x * x) / 42)) / 20)) / 6 : sinh(x) / x;
}
