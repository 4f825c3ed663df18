/**
 * The Gaussian mechanism (Balle and Wang 2018; Mironov 2017), and on a Poisson sample (Zhu, Dong and Wang 2022, Theorems 10 and
 * 11; Mironov, Talwar and Zhang 2019).
 *
 * @module
 */
import { distanceFactor, type Neighboring } from '../../neighboring.ts';
import { gaussianPair, sampledReplacePair } from '../../pld/gaussian-pair.ts';
import type { DominatingPairs } from '../../pld/pair.ts';
import { sampledPairs } from '../../pld/sampled-pair.ts';
import { poissonGaussianDivergence } from '../../rdp/poisson-gaussian.ts';
import { JOINING_TIGHT, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, checkNoise, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { GaussianEvent, Made } from '../types.ts';

/** @internal */
export const GAUSSIAN_ROW: SupportRow = { event: 'gaussian', pld: TIGHT, rdp: TIGHT };
/** @internal */
export const SAMPLED_GAUSSIAN_ROW: SupportRow = {
  event: 'poisson-sampled gaussian',
  pld: TIGHT,
  rdp: JOINING_TIGHT,
};

/**
 * One release of a sum with Gaussian noise.
 *
 * @param options - `noiseStd` > 0 and `recordNorm` > 0, the L2 norm one record is clipped to, in the same unit.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function gaussian(options: Fields<GaussianEvent>): Made<GaussianEvent> {
  const where = 'event.gaussian';
  checkFields<GaussianEvent>(where, options, { noiseStd: true, recordNorm: true });
  return made(GAUSSIAN, { kind: 'gaussian', ...checkNoise(where, options) });
}

/** @internal */
export const GAUSSIAN: EventKind<GaussianEvent> = {
  check: gaussian,
  known: (event) => ({
    row: GAUSSIAN_ROW,
    pairs: (neighboring) => [gaussianPair(gaussianRatio(event, neighboring))],
    divergence: (neighboring) => gaussianDivergence(gaussianRatio(event, neighboring)),
    ratio: (neighboring) => gaussianRatio(event, neighboring),
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_GAUSSIAN_ROW,
    pairs: (neighboring) => sampledGaussianPairs(event, probability, neighboring),
    divergence: () => (order) => poissonGaussianDivergence(probability, event.recordNorm / event.noiseStd, order),
    ratio: (neighboring) => gaussianRatio(event, neighboring),
  }),
};

/** Distance of neighbouring sums over the standard deviation of the noise. */
export function gaussianRatio(
  { noiseStd, recordNorm }: { readonly noiseStd: number; readonly recordNorm: number },
  neighboring: Neighboring,
): number {
  return (distanceFactor(neighboring) * recordNorm) / noiseStd;
}

/** Mironov 2017, Proposition 7. */
export function gaussianDivergence(ratio: number): (order: number) => number {
  return (order) => 0.5 * order * ratio * ratio;
}

/** Under replace-one both sides are mixtures. */
export function sampledGaussianPairs(
  event: GaussianEvent,
  probability: number,
  neighboring: Neighboring,
): DominatingPairs {
  return neighboring === 'replace-one'
    ? [sampledReplacePair(probability, event.recordNorm / event.noiseStd)]
    : sampledPairs(probability, [gaussianPair(gaussianRatio(event, neighboring))]);
}
