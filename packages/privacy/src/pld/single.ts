/**
 * Bounds that need no composition: one release of one pair, and any number of Gaussian ones, which are one Gaussian.
 *
 * @module
 */
import { gaussianEpsilon, gaussianLogDelta } from '../calibrate/analytic-gaussian.ts';
import { normalUpperQuantile, normalUpperTail } from '../special/normal.ts';
import { type DominatingPair, EVALUATION_ERROR, LOSS_ERROR, newTails } from './pair.ts';
import { exp, ln } from '../special/elementary.ts';

/** A certified interval. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

// What rounding may do to a ratio or a loss, and to the closed form of δ: relative.
const ARGUMENT = 2 ** -46;
const FORM = 2 ** -30;

/** ε at `delta` of N(ratio, 1) against N(0, 1). */
export function gaussianEpsilonBounds(ratio: number, delta: number): Bounds {
  const log = ln(delta);
  const least = gaussianEpsilon(ratio * (1 - ARGUMENT), log + FORM);
  return {
    lower: Math.max((least - 4e-14 * Math.max(least, ratio)) * (1 - ARGUMENT), 0),
    upper: gaussianEpsilon(ratio * (1 + ARGUMENT), log - FORM) * (1 + ARGUMENT),
  };
}

/** δ at `epsilon` of N(ratio, 1) against N(0, 1). */
export function gaussianDeltaBounds(ratio: number, epsilon: number): Bounds {
  const at = (side: 1 | -1): number =>
    exp(gaussianLogDelta(ratio * (1 + side * ARGUMENT), epsilon * (1 - side * ARGUMENT)) + side * FORM);
  return { lower: finite(at(-1), 0), upper: Math.min(finite(at(1), 1), 1) };
}

/** The power at size `rate` of the best test of N(ratio, 1) against N(0, 1). */
export function gaussianPower(ratio: number, rate: number): Bounds {
  const power = (side: 1 | -1): number =>
    normalUpperTail(normalUpperQuantile(rate) - ratio * (1 + side * ARGUMENT) - side * 1e-9);
  return { lower: Math.max(finite(power(-1), 0), rate), upper: Math.min(finite(power(1), 1), 1) };
}

/** δ of one pair, alone: its closed form, with the errors that evaluations may have. */
export function singleDelta(pair: DominatingPair, epsilon: number): Bounds {
  if (pair.gaussianRatio !== undefined) return gaussianDeltaBounds(pair.gaussianRatio, epsilon);
  const out = newTails();
  // A little less and a little more than ε, so that what was evaluated is on the safe side of it.
  pair.evaluate(epsilon * (1 - LOSS_ERROR), out);
  const upper = out.divergence + 2 * EVALUATION_ERROR * out.p;
  pair.evaluate(epsilon * (1 + LOSS_ERROR), out);
  const lower = out.divergence - 2 * EVALUATION_ERROR * out.p;
  return { lower: Math.max(finite(lower, 0), 0), upper: Math.min(finite(upper, 1), 1) };
}

/** ε of one pair, alone, by bisection on its closed form. */
export function singleEpsilon(pair: DominatingPair, delta: number): Bounds {
  if (pair.gaussianRatio !== undefined) return gaussianEpsilonBounds(pair.gaussianRatio, delta);
  return { lower: crossing(pair, delta, 'lower'), upper: crossing(pair, delta, 'upper') };
}

/** The end of a bracket around the ε where one side of δ falls to `delta`: the end that is certain. */
function crossing(pair: DominatingPair, delta: number, side: 'lower' | 'upper'): number {
  const isMet = (epsilon: number): boolean => singleDelta(pair, epsilon)[side] <= delta;
  if (isMet(0)) return 0;
  let low = 0;
  let high = 1e-6;
  while (!isMet(high)) {
    if (high >= pair.maximum || high > FARTHEST) return side === 'upper' ? pair.maximum : low;
    low = high;
    high = Math.min(2 * high, pair.maximum);
  }
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = 0.5 * (low + high);
    if (isMet(middle)) high = middle;
    else low = middle;
  }
  return side === 'upper' ? high : low;
}

const FARTHEST = 1e22;

function finite(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}
