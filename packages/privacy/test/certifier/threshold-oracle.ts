// Lower bounds on the truth that no accountant computed: what one test of the noise, "more than t", tells about a pair.
import type { Neighboring } from '../../src/index.ts';
import { type Interval, logUpperTail } from './normal-oracle.ts';

/** Σ weightᵢ·N(meanᵢ, 1). */
type Mixture = readonly { readonly weight: number; readonly mean: number }[];

/** A pair of mixtures of unit Gaussians, whose likelihood ratio rises with the noise. */
export interface MixturePair {
  readonly p: Mixture;
  readonly q: Mixture;
}

/** Both directions of one Poisson-sampled Gaussian of norm/std `ratio`. */
export function sampledPairs(probability: number, ratio: number, neighboring: Neighboring): MixturePair[] {
  const mix = (mean: number): Mixture => [
    { weight: 1 - probability, mean: 0 },
    { weight: probability, mean },
  ];
  const none: Mixture = [{ weight: 1, mean: 0 }];
  if (neighboring === 'replace-one') return [{ p: mix(ratio), q: mix(-ratio) }];
  // Mirrored, so that here too the ratio rises with the noise.
  return [
    { p: mix(ratio), q: none },
    { p: none, q: mix(-ratio) },
  ];
}

/**
 * The sum of `rounds` outputs of the sampled Gaussian, over √rounds: a coarser release than all of them. A record that
 * was drawn k times has moved it by k·ratio/√rounds.
 */
export function summedPairs(
  probability: number,
  ratio: number,
  neighboring: Neighboring,
  rounds: number,
): MixturePair[] {
  const drawn = (sign: number): Mixture => {
    let log = rounds * Math.log1p(-probability);
    return Array.from({ length: rounds + 1 }, (_, k) => {
      if (k > 0) log += Math.log(((rounds - k + 1) / k) * (probability / (1 - probability)));
      return { weight: Math.exp(log), mean: (sign * k * ratio) / Math.sqrt(rounds) };
    });
  };
  const none: Mixture = [{ weight: 1, mean: 0 }];
  if (neighboring === 'replace-one') return [{ p: drawn(1), q: drawn(-1) }];
  return [
    { p: drawn(1), q: none },
    { p: none, q: drawn(-1) },
  ];
}

function logDensity(mixture: Mixture, x: number): number {
  const exponents = mixture.map(({ weight, mean }) => Math.log(weight) - 0.5 * (x - mean) ** 2);
  const top = Math.max(...exponents);
  return top + Math.log(exponents.reduce((sum, exponent) => sum + Math.exp(exponent - top), 0));
}

function logTail(mixture: Mixture, t: number): Interval {
  const parts = mixture.map(({ weight, mean }) => ({ log: Math.log(weight), tail: logUpperTail(t - mean) }));
  const sum = (side: 'lower' | 'upper'): number => {
    const exponents = parts.map(({ log, tail }) => log + tail[side]);
    const top = Math.max(...exponents);
    return top === -Infinity ? top : top + Math.log(exponents.reduce((all, e) => all + Math.exp(e - top), 0));
  };
  return { lower: sum('lower') - 1e-13, upper: sum('upper') + 1e-13 };
}

/** The noise at which the log of the likelihood ratio passes ε, about. */
function threshold({ p, q }: MixturePair, epsilon: number): number {
  let low = -60;
  let high = 60;
  const ratio = (x: number): number => logDensity(p, x) - logDensity(q, x);
  while (ratio(high) < epsilon && high < 1e12) high *= 2;
  while (ratio(low) > epsilon && low > -1e12) low *= 2;
  for (let i = 0; i < 200 && high - low > 1e-13 * Math.max(1, Math.abs(low)); i++) {
    const middle = 0.5 * (low + high);
    if (ratio(middle) < epsilon) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * What P(noise > t) − exp(ε)·Q(noise > t) is, in an interval: a lower bound of δ at ε whatever t, and for the t where
 * the likelihood ratio is exp(ε) the truth (Neyman and Pearson).
 */
export function thresholdDelta(pair: MixturePair, epsilon: number): Interval {
  const t = threshold(pair, epsilon);
  const above = logTail(pair.p, t);
  const below = logTail(pair.q, t);
  // A loss of size ε is itself only known to its rounding.
  const slack = 1e-14 * Math.abs(epsilon);
  const term = (p: number, q: number): number => Math.exp(p) * -Math.expm1(Math.min(epsilon + q - p, 700));
  return {
    lower: Math.max(term(above.lower, below.upper + slack), 0),
    upper: Math.max(term(above.upper, below.lower - slack), 0),
  };
}
