/**
 * The symmetric Skellam distribution: the difference of two independent Poisson(variance/2) variables,
 * P(k) = e^(−variance) I_|k|(variance). Agarwal, Kairouz and Liu, "The Skellam Mechanism for Differentially Private Federated
 * Learning", NeurIPS 2021, arXiv 2110.04995. Sums of Skellam variables are Skellam, their variances add: what makes noise
 * shares of clients exact.
 *
 * Proof of the weights: the ratios r_k = I_(k+1)/I_k at a positive argument x lie in (0, 1), fall with k, and satisfy
 * r_(k−1) = 1 / (2k/x + r_k). Starting from [0, 1] far out, the recurrence downwards maps interval to interval, its ends
 * rounded outwards in integers, and contracts by r² a step; products of the ratios are the weights relative to I_0. Beyond the
 * last listed weight w, ratios at most r < 1 leave at most w·r/(1−r) on each side.
 *
 * Not constant-time.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkPositive } from '@fedkit/core/internal';
import { ExactTable, type WeightBounds } from './exact-table.ts';
import { type Fraction, toFraction } from './fraction.ts';
import { type IntegerSampler, integerSampler } from './integer-sampler.ts';

/** Tables reach this variance (about 150,000 entries); wider noise is a sum of independent narrower draws. */
const largestTableVariance: number = 2 ** 24;

/**
 * An exact sampler of the symmetric Skellam distribution.
 *
 * @param options.variance - In (0, 2^32], taken as the exact rational number that the double is. Up to 2^24 a sample is one
 * draw; beyond, a power of two of them.
 * @throws FedkitError `OUT_OF_RANGE` for a variance outside its range.
 * @complexity Building the table takes O(√variance) steps: about 0.2 s at 2^24.
 */
export function skellamSampler(options: { variance: number }): IntegerSampler {
  checkOptions('skellamSampler', options, { variance: true } satisfies OptionNames<typeof options>);
  const variance = checkPositive('skellamSampler: variance', options.variance, 2 ** 32);
  let parts = 1;
  while (variance / parts > largestTableVariance) parts *= 2;
  const argument = toFraction(variance / parts);
  const table = new ExactTable((precision) => skellamWeights(argument, precision));
  return integerSampler((draws) => {
    let sum = 0;
    for (let part = 0; part < parts; part++) {
      const outcome = table.draw(draws);
      sum += (outcome & 1) === 1 ? -((outcome + 1) >>> 1) : outcome >>> 1;
    }
    return sum;
  });
}

/** Weights of 0, −1, 1, −2, 2, … until one is below 2^−precision, relative to that of 0. */
function skellamWeights(argument: Fraction, precision: number): WeightBounds {
  const x = Number(argument.numerator) / Number(argument.denominator);
  // At this distance the tail is far below 2^−precision: Gaussian for large x, (x/2)^k/k! for small x.
  let reach = Math.ceil(Math.sqrt(1.5 * precision * x) + precision / 2);
  for (;;) {
    const bounds = weightsUpTo(argument, precision, reach);
    if (bounds !== undefined) return bounds;
    reach *= 2;
  }
}

/** The weights of 0 … ±reach, or nothing if that of `reach` is not yet below 2^−precision. */
function weightsUpTo(argument: Fraction, precision: number, reach: number): WeightBounds | undefined {
  const { lower: low, upper: high } = besselRatios(argument, precision, reach);
  const width = BigInt(precision + guardBits);
  const one = 1n << BigInt(precision);
  const lower = [one];
  const upper = [one];
  let below = 1n << width;
  let above = 1n << width;
  for (let k = 1; k <= reach; k++) {
    below = (below * low[k - 1]) >> width;
    above = ((above * high[k - 1]) >> width) + 1n;
    const l = below >> BigInt(guardBits);
    const u = (above >> BigInt(guardBits)) + 1n;
    lower.push(l, l);
    upper.push(u, u);
    if (u <= 1n) {
      const rest = (1n << width) - high[k];
      return rest > 0n ? { lower, upper, tail: 2n * (high[k] / rest + 1n) } : undefined;
    }
  }
  return undefined;
}

const guardBits = 64;

/** Bounds of r_0 … r_reach in units of 2^−(precision + 64). */
function besselRatios(
  { numerator, denominator }: Fraction,
  precision: number,
  reach: number,
): { lower: bigint[]; upper: bigint[] } {
  const width = BigInt(precision + guardBits);
  const square = 1n << (2n * width);
  const step = ((2n * denominator) << width) / numerator;
  const lower: bigint[] = [];
  const upper: bigint[] = [];
  let low = 0n;
  let high = 1n << width;
  for (let k = Math.ceil(reach * 1.5); k > 0; k--) {
    const order = BigInt(k);
    const next = square / (order * (step + 1n) + high);
    high = square / (order * step + low) + 1n;
    low = next;
    if (k - 1 <= reach) {
      lower.push(low);
      upper.push(high);
    }
  }
  return { lower: lower.reverse(), upper: upper.reverse() };
}
