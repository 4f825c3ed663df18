/**
 * Which argument makes a running total a filter: a rule that may stop a run at any time, by what the run has shown.
 *
 * Adding up releases that were fixed in advance is composition, whatever the accountant. Where a later release is chosen by
 * what earlier ones said, the total depends on what was released, and composition says nothing (Rogers, Roth, Ullman and
 * Vadhan, "Privacy Odometers and Filters: Pay-as-you-Go Composition", NeurIPS 2016, arXiv 1605.08294). A bound on the sum of
 * Rényi divergences at an order fixed in advance holds all the same (Feldman and Zrnic, "Individual Privacy Accounting via a
 * Rényi Filter", NeurIPS 2021, arXiv 2008.11193); so does one on the sum of squared ratios of Gaussian releases (Smith and
 * Thakurta, "Fully Adaptive Composition for Gaussian Differential Privacy", 2022, arXiv 2210.17520). A privacy loss
 * distribution is no such bound for anything else.
 *
 * @module
 */
import type { DiscreteGaussianEvent, DpEvent, EventData } from '../event/types.ts';
import { flatten } from '../event/flatten.ts';
import { LEAST_DOMINATED_STD } from '../event/dominating-gaussian.ts';
import type { LedgerIdentity } from './record.ts';

/**
 * What a ledger's bound rests on:
 *
 * - `renyi`: a Rényi filter decided. Events may depend on anything that was released before.
 * - `same-event`: every charge was for one and the same event. Nothing can depend on results but when to stop.
 * - `gaussian`: every charge was for unsampled Gaussian noise, wide discrete noise included. Ratios may depend on results.
 * - `fixed-in-advance`: events differ, and the ledger was opened on its owner's word that they were fixed in advance.
 * - `assumed`: events differ, and nobody has said whether they were fixed in advance. The bound holds if they were. Open such
 *   a ledger with `events: 'adaptive'` or `events: 'fixed'`.
 */
export type LedgerFilter = 'renyi' | 'same-event' | 'gaussian' | 'fixed-in-advance' | 'assumed';

/** The argument for charges of the events `charged`. */
export function filterOf({ events }: LedgerIdentity, charged: readonly DpEvent[]): LedgerFilter {
  if (events === 'adaptive') return 'renyi';
  const leaves = new Set(charged.flatMap((event) => flatten('privacyLedger', event, 1).map(({ key }) => key)));
  if (charged.length <= 1 || leaves.size <= 1) return 'same-event';
  if ([...leaves].every((key) => isGaussian(JSON.parse(key) as EventData))) return 'gaussian';
  return events === 'fixed' ? 'fixed-in-advance' : 'assumed';
}

function isGaussian(event: EventData): boolean {
  if (event.kind === 'gaussian') return true;
  return event.kind === 'discrete-gaussian' && (event as DiscreteGaussianEvent).noiseStd >= LEAST_DOMINATED_STD;
}
