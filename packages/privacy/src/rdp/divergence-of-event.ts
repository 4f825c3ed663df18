/**
 * The Rényi divergence of each event under each relation, as a function of the order.
 *
 * @module
 */
import type { LeafEvent } from '../event/types.ts';
import type { Neighboring } from '../neighboring.ts';
import { checkSupported } from '../support.ts';

/** Rényi divergences of an event, and the probability with which none of them holds. */
export interface Divergence {
  /** D_α for an order α > 1, the larger of both directions. */
  at(order: number): number;
  /** P(loss = ∞), which adds to δ. */
  readonly infinity: number;
}

/** @throws FedkitError `UNSUPPORTED_EVENT` where the support matrix has no entry. */
export function divergenceOfEvent(event: LeafEvent, neighboring: Neighboring): Divergence {
  const { divergence, infinity = 0 } = checkSupported(event, 'rdp', neighboring);
  return { at: divergence(neighboring), infinity };
}
