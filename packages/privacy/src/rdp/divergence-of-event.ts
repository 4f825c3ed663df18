/**
 * The Rényi divergence of each event under each relation, as a function of the order.
 *
 * Sources: Gaussian, Laplace, randomized response: Mironov 2017; discrete Gaussian: Canonne, Kamath and Steinke 2020; its
 * sums: Kairouz, Liu and Steinke 2021; Skellam: Agarwal, Kairouz and Liu 2021; exponential: Durfee and Rogers 2019, Dong,
 * Durfee and Rogers 2020; trees: Kairouz et al. 2021, Appendix D.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { dominatingGaussian, LEAST_DOMINATED_STD } from '../event/dominating-gaussian.ts';
import type {
  DistributedDiscreteGaussianEvent,
  LeafEvent,
  RandomizedResponseEvent,
  SkellamEvent,
} from '../event/types.ts';
import { distanceFactor, type Neighboring } from '../neighboring.ts';
import { log1pOfExpm1, softplus } from '../special/exponential.ts';
import { logAddExp } from '../special/log-gamma.ts';
import { checkSupported } from '../support.ts';
import { poissonGaussianDivergence } from './poisson-gaussian.ts';
import { interpolateOrders, poissonCumulant, WithoutReplacement } from './sampled.ts';
import { exp, expm1, ln, log1p, tanhOfHalf } from '../special/elementary.ts';

// Bounds whose terms are as many as the order are not asked beyond it; there what is known without sampling has to do.
const MAX_SUMMED_ORDER = 4096;
/** Below so much order times loss, closed forms cancel and the bound by concentration, αε²/2, is as good. */
const SMALL_LOSS = 1e-4;
const ROUNDING = 2 ** -48;
/** Sampling less costs less, and the square of this is still a number. */
const MIN_PROBABILITY = 1e-140;

/** Rényi divergences of an event, and the probability with which none of them holds. */
export interface Divergence {
  /** D_α for an order α > 1, the larger of both directions. */
  at(order: number): number;
  /** P(loss = ∞), which adds to δ. */
  readonly infinity: number;
}

/** @throws FedkitError `UNSUPPORTED_EVENT` where the support matrix has no entry. */
export function divergenceOfEvent(event: LeafEvent, neighboring: Neighboring): Divergence {
  checkSupported(event, 'rdp', neighboring);
  if (event.kind === 'epsilon-delta') {
    return { at: (order) => pureDivergence(event.epsilon, order), infinity: event.delta };
  }
  return { at: finite(event, neighboring), infinity: 0 };
}

function finite(event: LeafEvent, neighboring: Neighboring): (order: number) => number {
  const factor = distanceFactor(neighboring);
  switch (event.kind) {
    case 'gaussian':
    case 'discrete-gaussian': {
      const ratio = (factor * event.recordNorm) / event.noiseStd;
      return (order) => 0.5 * order * ratio * ratio;
    }
    case 'laplace':
      return (order) => laplaceDivergence((factor * event.recordNorm) / event.scale, order);
    case 'distributed-discrete-gaussian':
      return distributedDiscreteGaussian(event, factor);
    case 'discrete-laplace':
      return (order) => discreteLaplaceDivergence(1 / event.scale, factor * event.recordNorm, order);
    case 'skellam':
      return (order) => skellamDivergence(event, factor, order);
    case 'randomized-response':
      return (order) => randomizedResponseDivergence(event, neighboring, order);
    case 'exponential':
      return (order) => boundedRangeDivergence(event.epsilon, order);
    case 'zcdp':
      return (order) => event.rho * order;
    case 'epsilon-delta':
      return (order) => pureDivergence(event.epsilon, order);
    case 'poisson-sampled': {
      const inner = event.event as LeafEvent;
      const probability = Math.max(event.probability, MIN_PROBABILITY);
      if (inner.kind === 'gaussian') {
        const ratio = inner.recordNorm / inner.noiseStd;
        return (order) => poissonGaussianDivergence(probability, ratio, order);
      }
      const unsampled = finite(inner, neighboring);
      // Bounded losses are amplified at every order: log(1 + q(exp(ε) − 1)).
      const bounded = log1pOfExpm1(probability, largestLoss(inner, factor));
      const wide = inner.kind === 'discrete-gaussian' && inner.noiseStd >= LEAST_DOMINATED_STD;
      const dominating = wide ? dominatingGaussian(inner) : undefined;
      const ratio = dominating === undefined ? undefined : dominating.recordNorm / dominating.noiseStd;
      return (order) => {
        // ε-privacy is ε²/2-concentrated (Bun and Steinke 2016, Proposition 3.3).
        const plain = Math.min(unsampled(order), bounded, 0.5 * order * bounded * bounded);
        if (ratio !== undefined) return Math.min(plain, poissonGaussianDivergence(probability, ratio, order));
        if (order > MAX_SUMMED_ORDER) return plain;
        return Math.min(
          plain,
          interpolateOrders(order, (whole) => poissonCumulant(probability, whole, unsampled)),
        );
      };
    }
    case 'sampled-without-replacement': {
      const inner = event.event as LeafEvent & { kind: 'gaussian' };
      const ratio = (factor * inner.recordNorm) / inner.noiseStd;
      if (event.cohort === event.population) return (order) => 0.5 * order * ratio * ratio;
      const sampled = new WithoutReplacement(event.cohort / event.population, ratio);
      return (order) =>
        order > MAX_SUMMED_ORDER
          ? 0.5 * order * ratio * ratio
          : interpolateOrders(order, (whole) => sampled.cumulant(whole));
    }
    case 'tree-aggregation': {
      const ratio = event.recordNorm / event.noiseStd;
      // One record is in one leaf of one tree, hence in as many nodes as that tree is deep.
      const depth = event.steps.reduce((max, steps) => Math.max(max, treeDepth(steps)), 0);
      return (order) => 0.5 * order * depth * ratio * ratio;
    }
    default:
      return refuse('UNSUPPORTED_EVENT', 'rdpAccountant', 'an event with a Rényi bound', event.kind);
  }
}

/** The largest privacy loss of an event, if it has one. */
function largestLoss(event: LeafEvent, factor: number): number {
  if (event.kind === 'laplace' || event.kind === 'discrete-laplace') return (factor * event.recordNorm) / event.scale;
  return Infinity;
}

/** ⌈log2(steps + 1)⌉, in integers. */
function treeDepth(steps: number): number {
  let depth = 0;
  for (let leaves = 1; leaves < steps + 1; leaves *= 2) depth++;
  return depth;
}

/** Mironov 2017, Proposition 6; the exponent written so that nothing overflows and small ratios do not cancel. */
function laplaceDivergence(ratio: number, order: number): number {
  const a = order;
  if (order * ratio < SMALL_LOSS) return 0.5 * order * ratio * ratio;
  return ratio + log1p(((a - 1) * expm1((1 - 2 * a) * ratio)) / (2 * a - 1)) / (a - 1);
}

/** The divergence of the worst pair of pure ε-privacy: exp(±ε) as odds. */
function pureDivergence(epsilon: number, order: number): number {
  // What follows cancels where losses are tiny; the bound by concentration is as good there (Bun and Steinke 2016).
  const concentrated = 0.5 * order * epsilon * epsilon;
  if (order * epsilon < SMALL_LOSS) return concentrated;
  // E_Q[r^α] with r = exp(±ε), Q(r = exp(ε)) = 1/(1 + exp(ε)).
  const up = order * epsilon - softplus(epsilon);
  const down = -order * epsilon - softplus(-epsilon);
  return Math.min(rounded(logAddExp(up, down), order, epsilon), concentrated, epsilon);
}

/** A cumulant that may cancel, over α − 1, with what its terms lose to rounding. */
function rounded(cumulant: number, order: number, loss: number): number {
  return Math.max(cumulant + ROUNDING * (1 + order * loss), 0) / (order - 1);
}

function discreteLaplaceDivergence(a: number, distance: number, order: number): number {
  const largest = distance * a;
  if (order * largest < SMALL_LOSS) return 0.5 * order * largest * largest;
  // Sum over k of P(k)^α·Q(k)^(1 − α), P centered at `distance`: two geometric tails and, geometric too, what lies between.
  const end = -softplus(-a);
  let sum = logAddExp((order - 1) * largest + end, -order * largest + end);
  if (distance > 1) {
    const rate = (2 * order - 1) * a;
    const geometric = (distance - 1) * rate + ln(-expm1((1 - distance) * rate) / -expm1(-rate));
    sum = logAddExp(sum, ln(tanhOfHalf(a)) - order * largest + geometric);
  }
  return Math.min(rounded(sum, order, largest), largest);
}

function randomizedResponseDivergence(event: RandomizedResponseEvent, neighboring: Neighboring, order: number): number {
  const k = event.buckets;
  const other = event.noiseProbability / k;
  const truth = 1 - event.noiseProbability + other;
  if (neighboring === 'replace-one') {
    const loss = log1p((k * (1 - event.noiseProbability)) / event.noiseProbability);
    if (order * loss < SMALL_LOSS) return 0.5 * order * loss * loss;
    let sum = logAddExp(ln(other) + order * loss, ln(truth) - order * loss);
    if (k > 2) sum = logAddExp(sum, ln((k - 2) * other));
    return Math.min(rounded(sum, order, loss), loss);
  }
  const high = log1p((k - 1) * (1 - event.noiseProbability));
  const low = ln(event.noiseProbability);
  const loss = Math.max(high, -low);
  if (order * loss < SMALL_LOSS) return 0.5 * order * loss * loss;
  const moment = (power: number): number => logAddExp(power * high - ln(k), power * low + log1p(-1 / k));
  return Math.min(rounded(Math.max(moment(order), moment(1 - order)), order, loss), loss);
}

/** The largest divergence of a pair whose losses lie in [t − ε, t], over t: every bounded range has one. */
function boundedRangeDivergence(epsilon: number, order: number): number {
  const a = order;
  // Bounded range ε is ε²/8-concentrated (Cesar and Rogers 2021), and no looser where losses are tiny.
  const concentrated = 0.125 * order * epsilon * epsilon;
  if (order * epsilon < SMALL_LOSS) return concentrated;
  // Q(r = exp(t)) = (exp(−t) − exp(−ε)) / (1 − exp(−ε)); with c = (1 − exp(−αε)) / (1 − exp(−ε)) the moment is
  // exp((α − 1)t)·c − exp(αt)·b, b = (exp(−ε) − exp(−αε)) / (1 − exp(−ε)), greatest at exp(t) = (α − 1)·c / (α·b).
  const c = expm1(-a * epsilon) / expm1(-epsilon);
  const b = (exp(-epsilon) * expm1((1 - a) * epsilon)) / expm1(-epsilon);
  const t = Math.min(ln(((a - 1) * c) / (a * b)), epsilon);
  // t is a logarithm of ratios near 1 where losses are tiny: off by some units of 1 rather than of itself, and order times over.
  return Math.min(rounded((a - 1) * t + ln(c / a), order, epsilon + 1), concentrated, epsilon);
}

/** Agarwal, Kairouz and Liu 2021, Theorem 3.5, stated for whole orders: between them the chord of cumulants holds. */
function skellamDivergence(
  { variance, recordNorm, recordNormL1 }: SkellamEvent,
  factor: number,
  order: number,
): number {
  const l2 = factor * recordNorm;
  const l1 = recordNormL1 === undefined ? factor * recordNorm * recordNorm : factor * recordNormL1;
  return interpolateOrders(order, (whole) => {
    const correction = Math.min(
      ((2 * whole - 1) * l2 * l2 + 6 * l1) / (4 * variance * variance),
      (3 * l1) / (2 * variance),
    );
    return (whole - 1) * ((whole * l2 * l2) / (2 * variance) + correction);
  });
}

/** Kairouz, Liu and Steinke 2021, Theorem 1: the sum is within τ of a discrete Gaussian in every coordinate. */
function distributedDiscreteGaussian(
  event: DistributedDiscreteGaussianEvent,
  factor: number,
): (order: number) => number {
  const { localNoiseStd, contributors, recordNorm, recordNormL1, dimension } = event;
  const scale = localNoiseStd * Math.sqrt(contributors);
  const l1 = recordNormL1 ?? Math.min(recordNorm * Math.sqrt(dimension), recordNorm * recordNorm);
  const d2 = (factor * recordNorm) / scale;
  const d1 = (factor * l1) / scale;
  const tau = discreteGaussianSumDistance(localNoiseStd, contributors);
  return (order) =>
    Math.min(
      0.5 * order * d2 * d2 + tau * dimension,
      0.5 * order * (d2 * d2 + 2 * d1 * tau + tau * tau * dimension),
      0.5 * order * (d2 + Math.sqrt(dimension) * tau) ** 2,
    );
}

/**
 * τ = 10·Σ exp(−2π²σ²k/(k + 1)), k = 1 … n − 1: how far the sum of n discrete Gaussians of parameter σ is from one (Kairouz,
 * Liu and Steinke 2021, Theorem 1).
 */
export function discreteGaussianSumDistance(localNoiseStd: number, contributors: number): number {
  const exponent = -2 * Math.PI * Math.PI * localNoiseStd * localNoiseStd;
  // Terms fall towards exp(exponent); beyond 2^16 of them the next bounds the rest.
  const exact = Math.min(contributors - 1, 1 << 16);
  let sum = 0;
  for (let k = 1; k <= exact; k++) sum += exp((exponent * k) / (k + 1));
  const rest = contributors - 1 - exact;
  if (rest > 0) sum += rest * exp((exponent * (exact + 1)) / (exact + 2));
  return 10 * sum;
}
