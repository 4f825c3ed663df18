/**
 * The Laplace mechanism (Zhu, Dong and Wang 2022; Mironov 2017).
 *
 * @module
 */
import { checkPositive } from '@fedkit/core/internal';
import { distanceFactor, type Neighboring } from '../../neighboring.ts';
import { laplacePair } from '../../pld/laplace-pair.ts';
import { sampledPairs } from '../../pld/sampled-pair.ts';
import { amplified } from '../../rdp/amplified.ts';
import { SMALL_LOSS } from '../../rdp/rounded.ts';
import { expm1, log1p } from '../../special/elementary.ts';
import { JOINING_BOUND, JOINING_TIGHT, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, checkRatio, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { LaplaceEvent, Made } from '../types.ts';

/** @internal */
export const LAPLACE_ROW: SupportRow = { event: 'laplace', pld: TIGHT, rdp: TIGHT };
/** @internal */
export const SAMPLED_LAPLACE_ROW: SupportRow = {
  event: 'poisson-sampled laplace',
  pld: JOINING_TIGHT,
  rdp: JOINING_BOUND,
};

/**
 * One release of a sum with Laplace noise.
 *
 * @param options - `scale` > 0 (standard deviation √2·scale) and `recordNorm` > 0, an L1 norm, in the same unit.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function laplace(options: Fields<LaplaceEvent>): Made<LaplaceEvent> {
  const where = 'event.laplace';
  checkFields<LaplaceEvent>(where, options, { scale: true, recordNorm: true });
  const scale = checkPositive(`${where}: scale`, options.scale);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, scale, recordNorm);
  return made(LAPLACE, { kind: 'laplace', scale, recordNorm });
}

/** @internal */
export const LAPLACE: EventKind<LaplaceEvent> = {
  check: laplace,
  known: (event) => ({
    row: LAPLACE_ROW,
    pairs: (neighboring) => [laplacePair(ratioOf(event, neighboring))],
    divergence: (neighboring) => (order) => laplaceDivergence(ratioOf(event, neighboring), order),
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_LAPLACE_ROW,
    pairs: (neighboring) => sampledPairs(probability, [laplacePair(ratioOf(event, neighboring))]),
    divergence: (neighboring) => {
      const ratio = ratioOf(event, neighboring);
      return amplified(probability, (order) => laplaceDivergence(ratio, order), { largestLoss: ratio });
    },
  }),
};

/** Distance of neighbouring sums over the scale of the noise. */
function ratioOf({ scale, recordNorm }: LaplaceEvent, neighboring: Neighboring): number {
  return (distanceFactor(neighboring) * recordNorm) / scale;
}

/** Mironov 2017, Proposition 6; the exponent written so that nothing overflows and small ratios do not cancel. */
function laplaceDivergence(ratio: number, order: number): number {
  const a = order;
  if (order * ratio < SMALL_LOSS) return 0.5 * order * ratio * ratio;
  return ratio + log1p(((a - 1) * expm1((1 - 2 * a) * ratio)) / (2 * a - 1)) / (a - 1);
}
