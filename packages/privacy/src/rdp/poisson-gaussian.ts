/**
 * The Rényi divergence of the Poisson-sampled Gaussian, exact at every order above 1.
 *
 * With A the moment E[r^α] of the ratio r = 1 − q + q·exp(sx − s²/2), x standard normal, s = norm/std (Mironov, Talwar and
 * Zhang 2019), A − 1 = E[r^α − 1 − α(r − 1)], because E[r] = 1. By Bernoulli's inequality that integrand is ≥ 0, so nothing
 * cancels, at fractional orders as at whole ones, and the trapezoidal rule, which converges geometrically on analytic
 * functions that vanish at both ends (Trefethen and Weideman 2014), gives it to near machine precision with a few dozen points.
 *
 * @module
 */
import { log1pOfExpm1 } from '../special/exponential.ts';
import { exp, expm1, ln, log1p } from '../special/elementary.ts';

// Peaks that take more points are as good as disjoint.
const MAX_POINTS = 20_000;
// Half the range beyond the two peaks, at 0 and at α·s: exp(−9.5²/2) is 3e-20.
const REACH = 9.5;

/**
 * The Rényi divergence of `order` > 1 of (1 − q)·N(0, 1) + q·N(s, 1) from N(0, 1), the larger of the two directions.
 *
 * @complexity (19 + order·s) / min(½, ½/s) evaluations of exp and log.
 */
export function poissonGaussianDivergence(probability: number, ratio: number, order: number): number {
  const unsampled = 0.5 * order * ratio * ratio;
  if (probability === 1) return unsampled;
  const points = (order * ratio + 2 * REACH) * 2 * Math.max(1, ratio);
  if (!(points < MAX_POINTS)) return Math.min(separated(probability, ratio, order), unsampled);
  // r has its zeros at Im x = π/s, which sets the rate of convergence for small noise; the Gaussian sets it for large.
  const step = 0.5 * Math.min(1, 1 / ratio);
  const end = order * ratio + REACH;
  const peak = order * ratio;
  const reference = Math.max(0, order * logRatio(probability, ratio, peak) - 0.5 * peak * peak);
  let sum = 0;
  for (let x = -REACH; x <= end; x += step) {
    const log = logRatio(probability, ratio, x);
    const power = order * log;
    const density = -0.5 * x * x - reference;
    if (power > 40) {
      // r^α − αr, beside which 1 and α are nothing.
      sum += exp(power + density) * -expm1(ln(order) + log - power);
    } else {
      const change = probability * expm1(ratio * x - 0.5 * ratio * ratio);
      sum += bernoulliExcess(order, change, power) * exp(density);
    }
  }
  const log = ln((sum * step) / 2.5066282746310002) + reference;
  // log(1 + exp(log)) without overflow.
  const moment = log > 40 ? log : log1p(exp(log));
  return moment / (order - 1);
}

/**
 * From above by Minkowski's inequality, ‖1 − q + q·r‖_α ≤ 1 − q + q·‖r‖_α with r the unsampled ratio: exact in the limit
 * of peaks far apart.
 */
function separated(probability: number, ratio: number, order: number): number {
  return (order / (order - 1)) * log1pOfExpm1(probability, 0.5 * (order - 1) * ratio * ratio);
}

function logRatio(probability: number, ratio: number, x: number): number {
  const exponent = ratio * x - 0.5 * ratio * ratio;
  return exponent < 500 ? log1p(probability * expm1(exponent)) : ln(probability) + exponent;
}

/** (1 + u)^α − 1 − αu ≥ 0, given `power` = α·log(1 + u); by its binomial series where that cancels. */
function bernoulliExcess(order: number, u: number, power: number): number {
  if (Math.abs(order * u) > 0.05 || Math.abs(u) > 0.05) return expm1(power) - order * u;
  let term = 0.5 * order * (order - 1) * u * u;
  let sum = term;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 60; k++) {
    term *= ((order - k + 1) / k) * u;
    sum += term;
  }
  return sum;
}
