/**
 * Skellam noise (Agarwal, Kairouz and Liu 2021).
 *
 * @module
 */
import { checkPositive } from '@fedkit/core/internal';
import { distanceFactor } from '../../neighboring.ts';
import { amplified } from '../../rdp/amplified.ts';
import { interpolateOrders } from '../../rdp/sampled.ts';
import { BOUND, JOINING_BOUND, NONE, type SupportRow } from '../../support.ts';
import { checkFields, checkL1, checkRatio, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { Made, SkellamEvent } from '../types.ts';

/** @internal */
export const SKELLAM_ROW: SupportRow = { event: 'skellam', pld: NONE, rdp: BOUND };
/** @internal */
export const SAMPLED_SKELLAM_ROW: SupportRow = { event: 'poisson-sampled skellam', pld: NONE, rdp: JOINING_BOUND };

/**
 * One release of a sum of integers with Skellam noise (Agarwal, Kairouz and Liu 2021).
 *
 * @param options - `variance` > 0 of the summed noise and `recordNorm` > 0, in units of the integer grid.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function skellam(options: Fields<SkellamEvent>): Made<SkellamEvent> {
  const where = 'event.skellam';
  checkFields<SkellamEvent>(where, options, { variance: true, recordNorm: true, recordNormL1: true });
  const variance = checkPositive(`${where}: variance`, options.variance);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, Math.sqrt(variance), recordNorm);
  return made(SKELLAM, { kind: 'skellam', variance, recordNorm, ...checkL1(where, options.recordNormL1) });
}

/** @internal */
export const SKELLAM: EventKind<SkellamEvent> = {
  check: skellam,
  known: (event) => ({
    row: SKELLAM_ROW,
    divergence: (neighboring) => (order) => skellamDivergence(event, distanceFactor(neighboring), order),
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_SKELLAM_ROW,
    divergence: (neighboring) =>
      amplified(probability, (order) => skellamDivergence(event, distanceFactor(neighboring), order)),
  }),
};

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
