/**
 * Correctly rounded division of sums in two or more levels: the float32 nearest to (high + low) / denominator, ties to even.
 *
 * A float64 quotient decides unless a boundary between two float32 lies within its error (Ziv, "Fast evaluation of
 * elementary mathematical functions with correctly rounded last bit", ACM TOMS 17(3), 1991); then exact arithmetic does.
 *
 * @module
 */
import { productError } from '../math/double.ts';
import { add, compare, type Dyadic, dyadic, multiply, toNumber } from './rational.ts';

// high + low, the denominator and the division each round once: 3 · 2^−53 < 2^−50.
const BELOW = 1 - 8.881784197001252e-16;
const ABOVE = 1 + 8.881784197001252e-16;

/**
 * out[i] = float32((high[i] + low[i]) / denominator).
 *
 * @returns The index of the first quotient beyond float32, or −1.
 */
export function divideTwoLevels(high: Float64Array, low: Float64Array, denominator: Dyadic, out: Float32Array): number {
  const divisor = toNumber(denominator);
  const exactDivisor = compare(dyadic(divisor), denominator) === 0;
  let first = -1;
  for (let i = 0; i < out.length; i++) {
    const quotient = (high[i] + low[i]) / divisor;
    const candidate = Math.fround(quotient * BELOW);
    if (candidate === Math.fround(quotient * ABOVE)) out[i] = candidate;
    else if (exactDivisor && isExact(high[i], low[i], divisor, quotient)) out[i] = quotient;
    else out[i] = decide(add(dyadic(high[i]), dyadic(low[i])), denominator, quotient);
    if (first < 0 && !Number.isFinite(out[i])) first = i;
  }
  return first;
}

/**
 * out[i] = float32(Σ levels[l][i] / denominator), for any number of levels up to 2^10.
 *
 * @returns The index of the first quotient beyond float32, or −1.
 */
export function divideLevels(levels: readonly Float64Array[], denominator: Dyadic, out: Float32Array): number {
  const divisor = toNumber(denominator);
  // Each addition rounds by 2^−53 of what was added so far, of which Σ |level| is an upper bound; doubled for the rest.
  const share = levels.length * 2.220446049250313e-16;
  let first = -1;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    let magnitude = 0;
    for (const level of levels) {
      sum += level[i];
      magnitude += Math.abs(level[i]);
    }
    const quotient = sum / divisor;
    const error = (magnitude / divisor) * share;
    const candidate = Math.fround(quotient - error);
    out[i] = candidate === Math.fround(quotient + error) ? candidate : divideExactly(levels, i, denominator, divisor);
    if (first < 0 && !Number.isFinite(out[i])) first = i;
  }
  return first;
}

/** Where levels cancel, or the quotient lies near a boundary. */
function divideExactly(levels: readonly Float64Array[], i: number, denominator: Dyadic, divisor: number): number {
  const sum = levels.reduce((total, level) => add(total, dyadic(level[i])), dyadic(0));
  const quotient = toNumber(sum) / divisor;
  const candidate = Math.fround(quotient * BELOW);
  return candidate === Math.fround(quotient * ABOVE) ? candidate : decide(sum, denominator, quotient);
}

/** Whether high + low = quotient · divisor: then rounding the quotient again is the only rounding. */
function isExact(high: number, low: number, divisor: number, quotient: number): boolean {
  const sum = high + low;
  const part = sum - high;
  const lost = high - (sum - part) + (low - part);
  const product = quotient * divisor;
  return lost === 0 && product === sum && productError(quotient, divisor, product) === 0;
}

/** The two float32 around `quotient` have a midpoint that a float64 holds; on which side of it does the quotient lie? */
function decide(sum: Dyadic, denominator: Dyadic, quotient: number): number {
  const below = Math.fround(quotient * (quotient > 0 ? BELOW : ABOVE));
  const above = Math.fround(quotient * (quotient > 0 ? ABOVE : BELOW));
  const midpoint = (below + above) / 2;
  if (!Number.isFinite(midpoint)) return midpoint;
  const side = compare(sum, multiply(dyadic(midpoint), denominator));
  return side < 0 ? below : side > 0 ? above : Math.fround(midpoint);
}
