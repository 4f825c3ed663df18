/**
 * The analytic Gaussian mechanism: the exact δ of one Gaussian release, and its inverses.
 *
 * Balle and Wang 2018, Theorem 8, as δ = φ(x)·(M(x) − M(y)) with M Mills' ratio, x = ε/r − r/2, y = x + r, r = Δ/σ. Where r is small
 * the difference is the integral of −M′ = 1 − tM(t) over [x, y], which does not cancel, so that ε = 0 is no special case.
 *
 * @module
 */
import { checkNumber, checkPositive, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { checkDelta, checkEpsilon } from '../accountant.ts';
import { decreasingRoot } from '../special/minimize.ts';
import { millsRatio, normalDensity, normalUpperTail } from '../special/normal.ts';
import { exp, ln } from '../special/elementary.ts';

const SQRT_2PI = 2.5066282746310002;
const LOG_SQRT_2PI = 0.9189385332046727;
// Gauss-Legendre, 6 points on [−1, 1]: exact to degree 11.
const NODES = [0.2386191860831969, 0.6612093864662645, 0.9324695142031521];
const WEIGHTS = [0.46791393457269104, 0.3607615730481386, 0.17132449237917036];

function mills(t: number): number {
  return t >= 0 ? millsRatio(t) : SQRT_2PI * exp(0.5 * t * t) - millsRatio(-t);
}

/** log δ at ε ≥ 0 of one Gaussian release with sensitivity / std = ratio; relative error of δ below 1e-11. */
export function gaussianLogDelta(ratio: number, epsilon: number): number {
  const x = epsilon / ratio - 0.5 * ratio;
  const y = epsilon / ratio + 0.5 * ratio;
  if (ratio < 0.5) {
    let sum = 0;
    for (let i = 0; i < NODES.length; i++) {
      for (const sign of [-1, 1]) {
        const t = 0.5 * (x + y) + 0.5 * sign * NODES[i] * ratio;
        sum += WEIGHTS[i] * (t < 30 ? 1 - t * mills(t) : asymptotic(t));
      }
    }
    return -0.5 * x * x - LOG_SQRT_2PI + ln(0.5 * ratio * sum);
  }
  if (x > 0) return -0.5 * x * x - LOG_SQRT_2PI + ln(millsRatio(x) - millsRatio(y));
  // exp(ε)·φ(y) = φ(x)
  return ln(normalUpperTail(x) - normalDensity(x) * millsRatio(y));
}

/** 1 − tM(t) for large t, by its asymptotic series. */
function asymptotic(t: number): number {
  const w = 1 / (t * t);
  return w * (1 - w * (3 - w * (15 - w * (105 - w * 945))));
}

interface GaussianRelease {
  /** Largest change of the released vector between neighbours, L2, under the relation meant; > 0. */
  readonly sensitivity: number;
}

/**
 * The exact δ at `epsilon` ≥ 0 of one Gaussian release; relative error below 1e-11.
 *
 * @throws FedkitError `OUT_OF_RANGE` for noise or sensitivity that is not finite and > 0, or ε < 0.
 */
export function analyticGaussianDelta(
  options: GaussianRelease & { readonly noiseStd: number; readonly epsilon: number },
): number {
  const where = 'analyticGaussianDelta';
  checkOptions(where, options, { sensitivity: true, noiseStd: true, epsilon: true } satisfies OptionNames<
    typeof options
  >);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const sensitivity = checkPositive(`${where}: sensitivity`, options.sensitivity);
  return exp(gaussianLogDelta(sensitivity / noiseStd, checkEpsilon(where, options.epsilon)));
}

/**
 * The least ε ≥ 0 of one Gaussian release at `delta` in (0, 1).
 *
 * @throws FedkitError `OUT_OF_RANGE` for noise or sensitivity that is not finite and > 0, or δ outside (0, 1).
 */
export function analyticGaussianEpsilon(
  options: GaussianRelease & { readonly noiseStd: number; readonly delta: number },
): number {
  const where = 'analyticGaussianEpsilon';
  checkOptions(where, options, { sensitivity: true, noiseStd: true, delta: true } satisfies OptionNames<
    typeof options
  >);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const ratio = checkPositive(`${where}: sensitivity`, options.sensitivity) / noiseStd;
  return gaussianEpsilon(ratio, ln(checkDelta(where, options.delta)));
}

/** The least ε ≥ 0 at which δ ≤ exp(logTarget), at most 1e-14 of itself too large. */
export function gaussianEpsilon(ratio: number, logTarget: number): number {
  const excess = (epsilon: number): number => gaussianLogDelta(ratio, epsilon) - logTarget;
  const atLow = excess(0);
  if (atLow <= 0) return 0;
  let high = ratio;
  while (!(excess(high) <= 0)) high *= 2;
  return decreasingRoot(excess, { low: 0, high, atLow, atHigh: excess(high) }, 1e-14 * high);
}

/**
 * The least noise for (`epsilon`, `delta`) of one Gaussian release: a standard deviation in the unit of `sensitivity`,
 * never too small, at most 1e-12 of itself too large.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a sensitivity that is not finite and > 0, ε < 0 or δ outside (0, 1).
 */
export function analyticGaussianSigma(
  options: GaussianRelease & { readonly epsilon: number; readonly delta: number },
): number {
  const where = 'analyticGaussianSigma';
  checkOptions(where, options, { sensitivity: true, epsilon: true, delta: true } satisfies OptionNames<typeof options>);
  const sensitivity = checkPositive(`${where}: sensitivity`, options.sensitivity);
  const epsilon = checkNumber(`${where}: epsilon`, options.epsilon, 0);
  const target = ln(checkDelta(where, options.delta));
  const excess = (logSigma: number): number => gaussianLogDelta(exp(-logSigma), epsilon) - target;
  let low = 0;
  let high = 0;
  while (excess(low) <= 0) low -= 1;
  while (excess(high) > 0) high += 1;
  const bracket = { low, high, atLow: excess(low), atHigh: excess(high) };
  return sensitivity * exp(decreasingRoot(excess, bracket, 1e-13));
}
