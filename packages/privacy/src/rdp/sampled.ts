/**
 * Rényi bounds of sampling that hold for whole orders, and between them because the cumulant (α − 1)·D_α is convex.
 *
 * @module
 */
import { logAddExp, logBinomial, logGamma } from '../special/log-gamma.ts';
import { exp, expm1, ln, log1p } from '../special/elementary.ts';

/** Moments whose integrand reaches further have the plain bound, which is as good there. */
const MAX_PEAK = 2000;
const ROUNDING = 2 ** -47;

/** The chord of the cumulants of the whole orders around `order`; `cumulant(1)` is 0. */
export function interpolateOrders(order: number, cumulant: (order: number) => number): number {
  const below = Math.floor(order);
  const part = order - below;
  const low = below === 1 ? 0 : cumulant(below);
  const value = part === 0 ? low : (1 - part) * low + part * cumulant(below + 1);
  return value / (order - 1);
}

/**
 * log E for Poisson sampling of any mechanism with Rényi divergences `divergence`: Zhu and Wang 2019, Theorem 6, or without
 * amplification where that is smaller.
 *
 * @complexity O(order).
 */
export function poissonCumulant(probability: number, order: number, divergence: (order: number) => number): number {
  const log1q = log1p(-probability);
  const logQ = ln(probability);
  let sum = (order - 1) * log1q + log1p(probability * (order - 1));
  const term = (j: number): number => logBinomial(order, j) + j * logQ + (order - j) * log1q + (j - 1) * divergence(j);
  if (order >= 2) sum = logAddExp(sum, term(2));
  for (let j = 3; j <= order; j++) sum = logAddExp(sum, ln(3) + term(j));
  const plain = (order - 1) * divergence(order);
  // Terms that count are logarithms of some size that cancel: what they lose to rounding may be more than the sum.
  return Math.min(sum + ROUNDING * (64 + 3 * logGamma(order + 1) + plain), plain);
}

/**
 * The cumulant of a Gaussian on a cohort drawn without replacement, `ratio` the distance of sums under replace-one over
 * the standard deviation: Wang, Balle and Kasiviswanathan 2019, Theorem 27, with its ternary moments E|P/Q − 1|^j for
 * j up to 256 and twice the plain moment beyond.
 */
export class WithoutReplacement {
  readonly #logQ: number;
  readonly #square: number;
  readonly #ratio: number;
  readonly #even = new Map<number, number>();

  constructor(probability: number, ratio: number) {
    this.#logQ = ln(probability);
    this.#square = ratio * ratio;
    this.#ratio = ratio;
  }

  /** For a whole order ≥ 2. @complexity O(order), and once for each even j a quadrature of O(1 + j·ratio) points. */
  cumulant(order: number): number {
    let sum = 0;
    for (let j = 2; j <= order; j++) {
      const plain = Math.LN2 + 0.5 * j * (j - 1) * this.#square;
      let moment = plain;
      if (j === 2) {
        moment = Math.min(plain, ln(4 * expm1(this.#square)));
      } else if (j <= 256 && j * this.#ratio < MAX_PEAK) {
        const low = this.#centered(2 * Math.floor(j / 2));
        const high = this.#centered(2 * Math.ceil(j / 2));
        moment = Math.min(plain, ln(4) + 0.5 * (low + high));
      }
      sum = logAddExp(sum, j * this.#logQ + logBinomial(order, j) + moment);
    }
    return Math.min(sum, 0.5 * order * (order - 1) * this.#square);
  }

  /** log E[(P/Q − 1)^j] for even j, by the trapezoidal rule: the integrand is positive and entire. */
  #centered(j: number): number {
    let log = this.#even.get(j);
    if (log === undefined) {
      const s = this.#ratio;
      const step = 0.4;
      const end = j * s + 10;
      const terms: number[] = [];
      let top = -Infinity;
      for (let x = -10; x <= end; x += step) {
        const exponent = s * x - 0.5 * s * s;
        const size = exponent > 500 ? exponent : ln(Math.abs(expm1(exponent)));
        const term = j * size - 0.5 * x * x;
        terms.push(term);
        top = Math.max(top, term);
      }
      const sum = terms.reduce((total, term) => total + exp(term - top), 0);
      log = top + ln((sum * step) / 2.5066282746310002);
      this.#even.set(j, log);
    }
    return log;
  }
}
