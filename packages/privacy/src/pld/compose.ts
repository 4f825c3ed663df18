/**
 * Composition of lattice distributions by a tilted FFT, with every error of the computation bounded.
 *
 * Masses are multiplied by exp(θL) and normalized before the transform and divided after it, with θ at the saddle point
 * of the δ in question. There the interesting tail is the bulk, so round-off is relative to δ itself rather than to 1,
 * and a window of a dozen standard deviations of the tilted sum is enough. What the result may be off by:
 *
 * - masses outside the window wrap around: Chernoff's bound of the tilted masses on both sides of it;
 * - round-off of tilting, powers and recurrences: relative, counted;
 * - round-off of the transforms: Parseval's equation turns Higham's bound in the 2-norm into one for the weighted sum
 *   that δ is, from the norms of the masses before and after.
 *
 * @module
 */
import { fftError, inverseRealFft, multiplyPower, realFft, type Spectrum } from './fft.ts';
import type { LatticeMasses } from './lattice.ts';
import type { Task } from './task.ts';
import { unresolved } from './unresolved.ts';
import { exp, expm1, floorLog2, ln, log1p } from '../special/elementary.ts';

const UNIT = 2 ** -53;
const LONG = 1 << 15;
const FRESH = 64;
const MAX_CELLS = 1 << 24;
/** Counts from which the error of a power is worth a bound of its own. */
const MANY = 1000;

/** One distribution and how often it is composed. */
export interface Part {
  readonly lattice: LatticeMasses;
  readonly count: number;
  /** Any estimate of log E[exp(θL)], which only keeps exponents in range. */
  readonly cumulant: number;
}

/** Where to look: tilt, the losses between which the sum is resolved, and tilts that make Chernoff's bounds small. */
export interface Window {
  readonly theta: number;
  /** The loss of most interest, where scaled quantities are of the order of 1. */
  readonly epsilon: number;
  readonly low: number;
  readonly high: number;
  readonly chernoffLow: number;
  readonly chernoffHigh: number;
}

/** The composed divergence over a window, as scaled tables, with the bounds of everything that was not exact. */
export interface Curve {
  /** Loss of table entry 0, and the distance between entries. */
  readonly start: number;
  readonly step: number;
  /** Mass at entries ≥ i and divergence at entry i, both divided by exp(logScale). */
  readonly tails: Float64Array;
  readonly divergences: Float64Array;
  readonly logScale: number;
  readonly theta: number;
  /** Losses at which exponentials of the errors below are 1. */
  readonly reference: number;
  /** Scaled error at the reference, growing as exp(θ(reference − ε)). */
  readonly roundOff: number;
  /** Scaled mass above the window. */
  readonly above: number;
  /** Scaled bound of what wrapped into the window, growing as `roundOff` does. */
  readonly wrapped: number;
  /** Scaled bound of what wrapped into the window, wherever it fell. */
  readonly lifted: number;
  readonly relative: number;
  /** P(L = ∞) of the composition. */
  readonly infinity: number;
}

interface Tilted {
  readonly folded: Float64Array;
  readonly logMass: number;
  readonly logLow: number;
  readonly logHigh: number;
  readonly exponent: number;
}

/** Composes `parts`, all of one step, and resolves the sum over `window`. */
export function* composeCurve(parts: readonly Part[], window: Window): Task<Curve> {
  const step = parts[0].lattice.step;
  const { theta } = window;
  let origin = 0;
  let places = 0;
  for (const { lattice, count } of parts) {
    origin += count * (lattice.origin + lattice.shift);
    places += Math.abs(count * (lattice.origin + lattice.shift));
  }
  // Products and sums of losses round: widen by them, to the side the bound is on.
  const upper = parts.every(({ lattice }) => lattice.shift >= 0);
  let reach = places;
  let lowest = origin - step;
  let highest = origin + step;
  for (const { lattice, count } of parts) {
    reach += count * Math.abs(lattice.first) * step;
    lowest += count * lattice.first * step;
    highest += count * (lattice.first + lattice.places[lattice.places.length - 1]) * step;
  }
  origin += (upper ? 1 : -1) * 4 * UNIT * (reach + Math.abs(window.low) + Math.abs(window.high));

  const cells = Math.ceil((window.high - window.low) / step) + 2;
  // A window may be empty, or no number.
  if (!(cells >= 2 && cells <= MAX_CELLS)) throw unresolved();
  const size = 2 ** Math.max(3, floorLog2(cells - 1) + 1);
  const firstCell = Math.floor((window.low - origin) / step) - Math.floor((size - cells) / 2);
  const tilted: Tilted[] = [];
  for (const part of parts) {
    tilted.push(tilt(part, window, size));
    yield;
  }
  let logScale = 0;
  let logLow = 0;
  let logHigh = 0;
  let relative = 16 * UNIT * (size + 16 + FRESH);
  let logFinite = 0;
  parts.forEach(({ lattice, count }, i) => {
    logScale += count * tilted[i].logMass;
    logLow += count * tilted[i].logLow;
    logHigh += count * tilted[i].logHigh;
    relative += count * UNIT * (4 * tilted[i].exponent + 16);
    logFinite += count * log1p(-lattice.infinity);
  });

  const start = origin + firstCell * step;
  const end = start + size * step;
  const reference = window.epsilon;
  logScale -= theta * reference;
  relative += UNIT * (Math.abs(logScale) + 4 * theta * Math.max(Math.abs(start), Math.abs(end)) + 16);

  if (!Number.isFinite(logScale) || !Number.isFinite(start)) throw unresolved();
  const { sums, error } = yield* transform(parts, tilted, size);
  // The largest of the weights w(x) = exp(−θx)(1 − exp(−x)) of a mass x above ε, at exp(−x) = θ/(1 + θ).
  const most = exp(theta * ln(theta) - (1 + theta) * log1p(theta));
  // ‖weights‖₂ at the reference, however close to ε the first of the points above it is: w rises and falls once, so Σ w² is
  // at most the largest and the integral over the step, ∫ w² ≤ ∫ exp(−2θx)·min(1, x²).
  const integral = Math.min(0.5, 0.25 / (theta * theta)) / theta;
  const roundOff = error * Math.sqrt(Math.min(size, most * most + integral / step));
  // What lies above the window is missing from an upper bound; untilting weighs it by exp(−θ(loss − reference)).
  const tail = (loss: number): number => (loss > highest ? 0 : probability(logHigh - window.chernoffHigh * loss));
  const above = tail(end) * exp(theta * (reference - end));
  // What wraps into a lower bound: losses beyond ε by the window's length, with at most the largest of the weights; and losses below the
  // window, with that weight too, or, as untilting takes them for losses a window's length higher, with exp(−θ·length) of
  // their probability.
  const length = size * step;
  const high = most * tail(Math.max(window.low, start) + length);
  const low = start < lowest ? 0 : probability(logLow - window.chernoffLow * start) * most;
  const lifted = exp(-theta * length - logScale) / -expm1(-theta * length);

  const tails = new Float64Array(size + 1);
  const divergences = new Float64Array(size + 1);
  const shift = mod(firstCell, size);
  const decay = exp(-step);
  const loss = -expm1(-step);
  const growth = exp(theta * step);
  // Products that grow fast would carry what underflows at the far end into what does not.
  const fresh = growth < 2 ? FRESH : 1;
  let weight = 0;
  let mass = 0;
  let divergence = 0;
  for (let i = size - 1; i >= 0; i--) {
    if (i % LONG === 0) yield;
    divergence = loss * mass + decay * divergence;
    divergences[i] = divergence;
    const r = i + shift;
    // Weights by their ratio, afresh often enough that its roundings stay within what is counted.
    weight =
      i % fresh === fresh - 1 || i === size - 1 ? exp(theta * (reference - (start + i * step))) : weight * growth;
    mass += sums[r >= size ? r - size : r] * weight;
    tails[i] = mass;
  }
  return {
    start,
    step,
    tails,
    divergences,
    logScale,
    theta,
    reference,
    roundOff,
    above,
    wrapped: lifted < low ? high : high + low,
    lifted: lifted < low ? lifted : 0,
    relative: expm1(2 * relative),
    infinity: -expm1(logFinite) * (1 + (upper ? 1 : -1) * 2 ** -40),
  };
}

function tilt({ lattice, cumulant }: Part, window: Window, size: number): Tilted {
  const { masses, places, step, first } = lattice;
  const { theta, chernoffLow, chernoffHigh } = window;
  const folded = new Float64Array(size);
  const terms = new Float64Array(masses.length);
  const start = lattice.origin + lattice.shift + first * step;
  let sum = 0;
  let exponent = 0;
  for (let i = 0; i < masses.length; i++) {
    const mass = masses[i];
    if (!(mass > 0)) continue;
    const loss = start + places[i] * step;
    const power = theta * loss - cumulant;
    const term = power > 600 ? exp(power + ln(mass)) : mass * exp(power);
    folded[mod(first + places[i], size)] += term;
    terms[i] = term;
    sum += term;
    if (term > 1e-30) exponent = Math.max(exponent, Math.abs(theta * loss) + Math.abs(power));
  }
  const scale = 1 / sum;
  for (let i = 0; i < size; i++) folded[i] *= scale;
  const logSum = ln(sum);
  return {
    folded,
    logMass: cumulant + logSum,
    logLow: logMoment(terms, lattice, start, chernoffLow) - logSum,
    logHigh: logMoment(terms, lattice, start, chernoffHigh) - logSum,
    exponent,
  };
}

/** log Σ termᵢ·exp(tilt·lossᵢ), from above, of any size. */
function logMoment(terms: Float64Array, { places, step }: LatticeMasses, start: number, tilt: number): number {
  let sum = 0;
  let top = -Infinity;
  for (let i = 0; i < terms.length; i++) {
    if (!(terms[i] > 0)) continue;
    const exponent = tilt * (start + places[i] * step);
    // Terms are at most 1 and most of them small: what overflows the sum so far rescales it.
    if (exponent > top) {
      sum *= exp(top - exponent);
      top = exponent;
    }
    sum += terms[i] * exp(exponent - top);
  }
  return ln(sum) + top + 1e-12;
}

function* transform(
  parts: readonly Part[],
  tilted: readonly Tilted[],
  size: number,
): Task<{ sums: Float64Array; error: number }> {
  const relative = fftError(size);
  const product: Spectrum = {
    re: new Float64Array(size / 2 + 1).fill(1),
    im: new Float64Array(size / 2 + 1),
  };
  let transforms = 0; // Σ count · ‖error of the spectrum‖₂ / √n
  let grown = 0;
  let powers = 0;
  for (let i = 0; i < parts.length; i++) {
    const { count } = parts[i];
    const z = yield* realFft(tilted[i].folded);
    yield* multiplyPower(product, z, count);
    // Every coefficient is a sum of masses, which add up to 1, whose terms pass through each level of the transform once, those of
    // the separating pass twice: so much each of them may be off, whatever the others are.
    const most = 2 * relative;
    const error = relative * norm(tilted[i].folded);
    const own = count < MANY ? Infinity : most * (yield* powerNorm(z, count - 1, 2 * most, size));
    transforms += count * Math.min(error, own);
    grown += count * most;
    powers += 3 * UNIT * (count + 1);
  }
  const sums = yield* inverseRealFft(product);
  const length = norm(sums);
  // A coefficient z with an error e has a power that is off by count·|e|·(|z| + |e|)^(count − 1). Spectra are at most 1 in
  // modulus, plus their own error; errors of the product are second order beyond that.
  const forward = exp(grown) * (transforms + expm1(powers) * length);
  return { sums, error: 1.01 * (forward + relative * (length + forward)) };
}

/** ‖(|z| + error)^power‖₂ / √size over a whole spectrum, of which `z` is one half. */
function* powerNorm({ re, im }: Spectrum, power: number, error: number, size: number): Task<number> {
  let sum = 0;
  for (let k = 0; k < re.length; k++) {
    if (k % LONG === LONG - 1) yield;
    const modulus = Math.sqrt(re[k] * re[k] + im[k] * im[k]) + error;
    if (modulus * power < power - 800) continue;
    sum += exp(2 * power * ln(modulus));
  }
  return Math.sqrt((2 * sum) / size + 1e-300);
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return Math.sqrt(sum);
}

/** exp(log), or 1 where that is above it or no number. */
function probability(log: number): number {
  return log < 0 ? exp(log) : 1;
}

function mod(a: number, n: number): number {
  const r = a % n;
  return r < 0 ? r + n : r;
}

/** A bound of the divergence at ε from above, of a curve made of upper bounds; never above 1. */
export function divergenceAbove(curve: Curve, epsilon: number): number {
  const { start, step, tails } = curve;
  const size = tails.length - 1;
  if (!(epsilon >= start)) return 1;
  const exponential = exp(curve.theta * (curve.reference - epsilon));
  const value =
    interpolate(curve, Math.min(epsilon, start + size * step)) * (1 + curve.relative) +
    exponential * curve.roundOff +
    curve.above;
  const bound = exp(curve.logScale) * value + curve.infinity;
  return bound >= 0 && bound < 1 ? bound : 1;
}

/** A bound of the divergence at ε from below, of a curve made of lower bounds; never below 0. */
export function divergenceBelow(curve: Curve, epsilon: number): number {
  const { start, step, tails } = curve;
  const size = tails.length - 1;
  const floor = Math.max(0, curve.infinity, -expm1(epsilon));
  const at = Math.max(epsilon, start);
  if (at >= start + size * step) return floor;
  const exponential = exp(curve.theta * (curve.reference - at));
  const value =
    interpolate(curve, at) * (1 - curve.relative) - exponential * (curve.roundOff + curve.wrapped) - curve.lifted;
  const bound = exp(curve.logScale) * value + curve.infinity;
  return bound > floor ? Math.min(1, bound) : floor;
}

/** The scaled divergence at ε ≥ start: linear in exp(ε) between entries. */
function interpolate({ start, step, tails, divergences }: Curve, epsilon: number): number {
  const size = tails.length - 1;
  let next = Math.floor((epsilon - start) / step) + 1;
  if (next > size) return 0;
  if (start + next * step < epsilon) next++;
  const gap = Math.min(0, epsilon - (start + next * step));
  if (next > size) return 0;
  return exp(gap) * divergences[next] - expm1(gap) * tails[next];
}
