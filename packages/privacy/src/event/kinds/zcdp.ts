/**
 * Zero-concentrated differential privacy (Bun and Steinke 2016).
 *
 * @module
 */
import { checkPositive } from '@fedkit/core/internal';
import { amplified } from '../../rdp/amplified.ts';
import { JOINING_BOUND, NONE, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { Made, ZeroConcentratedEvent } from '../types.ts';

/** @internal */
export const ZCDP_ROW: SupportRow = { event: 'zcdp', pld: NONE, rdp: TIGHT };
/** @internal */
export const SAMPLED_ZCDP_ROW: SupportRow = { event: 'poisson-sampled zcdp', pld: NONE, rdp: JOINING_BOUND };

/**
 * A release that is ρ-zero-concentrated differentially private (Bun and Steinke 2016).
 *
 * @param options - `rho` > 0.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function zcdp(options: Fields<ZeroConcentratedEvent>): Made<ZeroConcentratedEvent> {
  checkFields<ZeroConcentratedEvent>('event.zcdp', options, { rho: true });
  return made(ZCDP, { kind: 'zcdp', rho: checkPositive('event.zcdp: rho', options.rho) });
}

/** @internal */
export const ZCDP: EventKind<ZeroConcentratedEvent> = {
  check: zcdp,
  known: ({ rho }) => ({ row: ZCDP_ROW, divergence: () => (order) => rho * order }),
  sampled: ({ rho }, probability) => ({
    row: SAMPLED_ZCDP_ROW,
    divergence: () => amplified(probability, (order) => rho * order),
  }),
};
