/**
 * The discrete Laplace distribution: P(k) proportional to e^(−|k|/scale), also called two-sided geometric. Ghosh, Roughgarden
 * and Sundararajan, STOC 2009; sampled after Canonne, Kamath and Steinke, NeurIPS 2020, Algorithm 2.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkPositive, refuse } from '@fedkit/core/internal';
import { blockTable } from './block-table.ts';
import type { SamplerMethod } from './discrete-gaussian.ts';
import { toFraction } from './fraction.ts';
import { type IntegerSampler, integerSampler } from './integer-sampler.ts';
import { discreteLaplace, discreteLaplaceBig } from './rejection.ts';
import { floorLog2 } from '../special/elementary.ts';

/** Beyond this scale a sample may not be an exact double. */
const largestScale: number = 2 ** 45;
/** Up to this scale block lengths fit into one word. */
const largestTableScale: number = 2 ** 35;

/**
 * An exact sampler of the discrete Laplace distribution.
 *
 * @param options.scale - t > 0, at most 2^45, taken as the exact rational number that the double is. Noise of scale t makes an
 * integer of sensitivity Δ (Δ/t, 0)-private.
 * @param options.method - As of `discreteGaussianSampler`.
 * @throws FedkitError `OUT_OF_RANGE` for a scale outside its range.
 */
export function discreteLaplaceSampler(options: { scale: number; method?: SamplerMethod }): IntegerSampler {
  checkOptions('discreteLaplaceSampler', options, { scale: true, method: true } satisfies OptionNames<typeof options>);
  const scale = checkPositive('discreteLaplaceSampler: scale', options.scale, largestScale);
  const method = options.method ?? (scale <= largestTableScale ? 'table' : 'rejection');
  if (method === 'table') {
    checkPositive('discreteLaplaceSampler: scale for the table', scale, largestTableScale);
    const { draw, addSamples } = laplaceTable(scale);
    return integerSampler(draw, addSamples);
  }
  if (method !== 'rejection')
    refuse('INVALID_ARGUMENT', 'discreteLaplaceSampler: method', "'table' or 'rejection'", method);
  if (Number.isInteger(scale) && scale <= 2 ** 31) return integerSampler((draws) => discreteLaplace(scale, draws));
  const exact = toFraction(scale);
  return integerSampler((draws) => Number(discreteLaplaceBig(exact, draws)));
}

/** The table by itself; `discreteLaplaceSampler` draws from it. */
export function laplaceTable(scale: number): ReturnType<typeof blockTable> {
  const { numerator, denominator } = toFraction(scale);
  const shift = Math.max(0, floorLog2(scale) - 4);
  return blockTable(
    {
      difference: (_, offset) => offset / scale,
      exactDifference: (_, offset) => ({ numerator: BigInt(offset) * denominator, denominator: numerator }),
    },
    shift,
  );
}
