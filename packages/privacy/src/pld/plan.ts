/**
 * Chooses tilt, window and interval for one composition and one δ or ε, from surveys. Nothing here is certified:
 * a poor choice costs width or time, never truth.
 *
 * @module
 */
import { minimize } from '../special/minimize.ts';
import type { Window } from './compose.ts';
import { cumulant, type Survey } from './survey.ts';
import { exp, ln, log1p } from '../special/elementary.ts';

/** One distinct pair and how often it is composed. */
export interface SurveyedPart {
  readonly survey: Survey;
  readonly count: number;
}

/** A window around the Rényi bound of ε, or around the ε asked about, and an interval. */
export interface Plan extends Window {
  readonly step: number;
}

// A window keeps all but about exp(−10) of the tilted mass on either side.
const WINDOW_EXPONENT = 10;
// How far from the saddle point a tilt may be: exp(9) times its round-off is still far below δ.
const MAX_EXCESS = 9;
const LEAST_WINDOW = 32;
const SMALL_WINDOW = 1 << 13;
const HOPELESS = 2 ** 30;
const FIRST_WINDOW = 1 << 17;
// Where exp(θ · window) overflows, the far side of the window says nothing; more than that is too far.
const MAX_EXPONENT = 20_000;
/** Width of ε aimed at where a rate is asked for. */
const RATE_WIDTH = 1e-4;
/** Beyond this ε widths are relative to it. */
export const LARGE_EPSILON = 100;
const MIN_LOG2_THETA = -7;
const MAX_LOG2_THETA = 17;
const FARTHEST_LOG2 = 80;

function total(parts: readonly SurveyedPart[], theta: number): { value: number; slope: number } {
  let value = 0;
  let slope = 0;
  for (const { survey, count } of parts) {
    const k = cumulant(survey, theta);
    value += count * k.value;
    slope += count * k.slope;
  }
  return { value, slope };
}

/** The log θ at which `f` is smallest: a scan by powers of two, as a survey is flat far out, then golden section. */
function search(f: (logTheta: number) => number): number {
  let best = 0;
  let least = Infinity;
  const scan = (k: number): boolean => {
    const value = f(k * Math.LN2);
    if (!(value < least)) return false;
    least = value;
    best = k;
    return true;
  };
  for (let k = MIN_LOG2_THETA; k <= MAX_LOG2_THETA; k++) scan(k);
  // Losses of millions want tilts of millionths.
  for (let k = MIN_LOG2_THETA - 1; k >= -FARTHEST_LOG2 && best === k + 1; k--) scan(k);
  return minimize(f, (best - 1) * Math.LN2, (best + 1) * Math.LN2, 0.04);
}

/** log of max over x of exp(−θx)(1 − exp(−x)): by how much the Rényi conversion improves on Markov's bound. */
function gain(theta: number): number {
  return theta * ln(theta) - (1 + theta) * log1p(theta);
}

/**
 * An upper bound of ε at exp(logDelta) by the moments of the surveys, which bound the true ones (finite part only), and
 * the tilt that attains it: the conversion of Canonne, Kamath and Steinke 2020 at order 1 + θ.
 */
function renyiEpsilon(parts: readonly SurveyedPart[], logDelta: number): { epsilon: number; theta: number } {
  const objective = (logTheta: number): number => {
    const theta = exp(logTheta);
    return (total(parts, theta).value + gain(theta) - logDelta) / theta;
  };
  const logTheta = search(objective);
  return { epsilon: objective(logTheta), theta: exp(logTheta) };
}

/** A plan for ε at δ = exp(logDelta). */
export function planForDelta(parts: readonly SurveyedPart[], logDelta: number, width: number): Plan {
  const { epsilon, theta } = renyiEpsilon(parts, logDelta);
  return planAround(parts, theta, Math.max(epsilon, 0), logDelta, width * Math.max(1, epsilon / LARGE_EPSILON));
}

/** A plan for δ, which is about exp(logDelta), at ε: the tilt whose Chernoff bound at ε is smallest. */
export function planForEpsilon(parts: readonly SurveyedPart[], epsilon: number, logDelta: number, width: number): Plan {
  const logTheta = search((t) => total(parts, exp(t)).value - exp(t) * epsilon + gain(exp(t)));
  const theta = exp(logTheta);
  const scaled = (width * Math.max(1, epsilon / LARGE_EPSILON)) / (1 + theta);
  return coarser(planAround(parts, theta, epsilon, logDelta, scaled));
}

/** A plan for the test whose false positive rate is exp(logAlpha): the tilt at which that is Q's probability of losses above the mean. */
export function planForFalsePositives(parts: readonly SurveyedPart[], logAlpha: number): Plan {
  let low = -FARTHEST_LOG2 * Math.LN2;
  let high = MAX_LOG2_THETA * Math.LN2;
  while (high - low > 0.05) {
    const theta = exp(0.5 * (low + high));
    const { value, slope } = total(parts, theta);
    if (value - (theta + 1) * slope > logAlpha) low = ln(theta);
    else high = ln(theta);
  }
  const theta = exp(low);
  const { value, slope } = total(parts, theta);
  const width = RATE_WIDTH * Math.max(1, Math.abs(slope) / LARGE_EPSILON);
  return coarser(planAround(parts, theta, slope, value - theta * slope, width));
}

/** A plan to begin with: how fine it has to be for a δ or a rate depends on where they are flat. */
export function coarser(plan: Plan): Plan {
  return { ...plan, step: Math.max(plan.step, (plan.high - plan.low) / FIRST_WINDOW) };
}

function planAround(
  parts: readonly SurveyedPart[],
  saddle: number,
  epsilon: number,
  logDelta: number,
  width: number,
): Plan {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  // Connect the dots spreads a cell by step²/6 and contraction takes step²/12 from it, each of which moves ε by
  // (θ + 1)/2 times that for every composition; no loss moves by more than a step, whatever θ.
  const wanted = Math.max(Math.sqrt((4.5 * width) / (count * (saddle + 1))), width / count);
  const exponent = (theta: number): number => total(parts, theta).value + gain(theta) - theta * epsilon;

  let best: Window | undefined;
  for (const factor of [1, 0.7, 0.5, 0.35]) {
    const theta = saddle * factor;
    // By this exponent δ is smaller than the scale of the computation.
    const excess = exponent(theta) - logDelta;
    if (factor < 1 && excess > MAX_EXCESS) break;
    const window = { theta, epsilon, ...windowOf(parts, theta, WINDOW_EXPONENT + Math.max(excess, 0)) };
    if (best === undefined || window.high - window.low < best.high - best.low) best = window;
    if ((best.high - best.low) / wanted < SMALL_WINDOW && theta * (best.high - best.low) < MAX_EXPONENT) break;
  }
  let window = best as Window;
  for (let i = 0; i < 8 && window.theta * (window.high - window.low) > MAX_EXPONENT; i++) {
    const theta = window.theta * Math.max(0.25, (0.9 * MAX_EXPONENT) / (window.theta * (window.high - window.low)));
    window = { theta, epsilon, ...windowOf(parts, theta, WINDOW_EXPONENT) };
  }
  let supportLow = 0;
  let supportHigh = 0;
  for (const { survey, count: n } of parts) {
    supportLow += n * survey.losses[0];
    supportHigh += n * survey.losses[survey.losses.length - 1];
  }
  const low = Math.max(Math.min(window.low, epsilon), supportLow);
  const high = Math.min(Math.max(window.high, epsilon), supportHigh);
  // Where the sum hangs on one loss there is no window to speak of, and losses need not be told apart more finely than the
  // width, as far as weights over the window are in range.
  const least = epsilon > 1 ? Math.min(width / count, MAX_EXPONENT / (LEAST_WINDOW * window.theta)) : 1e-12;
  const step = Math.min(wanted, Math.max((high - low) / LEAST_WINDOW, least));
  const room = Math.max(0, 0.5 * (LEAST_WINDOW * step - (high - low)));
  // Where no lattice that fits is fine enough by far, a small one says as much.
  return {
    ...window,
    low: low - room,
    high: high + room,
    step: Math.max(step, (high - low) / step > HOPELESS ? (high - low) / SMALL_WINDOW : 0),
  };
}

/** Losses between which all but exp(−exponent) of the tilted sum lies, and the tilts by which Chernoff's bound shows it. */
function windowOf(parts: readonly SurveyedPart[], theta: number, exponent: number): Omit<Window, 'theta' | 'epsilon'> {
  const here = total(parts, theta);
  const nudge = 1e-3 * theta;
  const variance = Math.max((total(parts, theta + nudge).slope - total(parts, theta - nudge).slope) / (2 * nudge), 0);
  const natural = ln(Math.sqrt(2 * exponent) / Math.max(Math.sqrt(variance), 1e-12));
  const reach = (side: 1 | -1) => {
    const bound = (logTilt: number): number => {
      const tilt = exp(logTilt);
      return (total(parts, theta + side * tilt).value - here.value + exponent) / tilt;
    };
    const logTilt = minimize(bound, natural - 3.5, natural + 0.7, 0.3);
    return { loss: side * bound(logTilt), tilt: side * exp(logTilt) };
  };
  const high = reach(1);
  const low = reach(-1);
  return { low: low.loss, high: high.loss, chernoffLow: low.tilt, chernoffHigh: high.tilt };
}
