/**
 * ε and δ of a composition by its Rényi divergences.
 *
 * @module
 */
import type { CountedEvent } from '../event/flatten.ts';
import type { Neighboring } from '../neighboring.ts';
import { exp, expm1, log1p } from '../special/elementary.ts';
import { epsilonOfDivergence, logDeltaOfDivergence, logTotalVariation } from './conversion.ts';
import { type Divergence, divergenceOfEvent } from './divergence-of-event.ts';
import { LEAST_ORDER, leastOver, scannedOnce } from './search.ts';

/** An event's divergences, and how often it was released. */
export interface RenyiPart {
  readonly divergence: Divergence;
  readonly count: number;
}

const QUADRATURE_ERROR = 2 ** -33;

/** The divergences of an event, to be searched. @throws FedkitError `UNSUPPORTED_EVENT` where the support matrix has no entry. */
export function searchedDivergence(event: CountedEvent['event'], neighboring: Neighboring): Divergence {
  const divergence = divergenceOfEvent(event, neighboring);
  return { at: scannedOnce((order) => divergence.at(order)), infinity: divergence.infinity };
}

/** The divergence of all of them. */
export function divergenceOfParts(parts: readonly RenyiPart[]): (order: number) => number {
  return (order) => parts.reduce((sum, { divergence, count }) => sum + count * divergence.at(order), 0);
}

/** The same, no less than the truth for what quadrature and rounding took. */
function divergenceAbove(parts: readonly RenyiPart[]): (order: number) => number {
  const divergence = divergenceOfParts(parts);
  return (order) => {
    const value = divergence(order) * (1 + QUADRATURE_ERROR);
    return value >= 0 ? value : Infinity;
  };
}

/** P(some loss = ∞), from above. */
export function infinityOfParts(parts: readonly RenyiPart[]): number {
  const log = parts.reduce((sum, { divergence, count }) => sum + count * log1p(-divergence.infinity), 0);
  return -expm1(log) * (1 + QUADRATURE_ERROR);
}

/** The least ε, and the order that gives it, at a δ > 0 from which infinite losses are taken; Infinity where float64 has none. */
export function renyiEpsilon(parts: readonly RenyiPart[], delta: number): { value: number; order: number } {
  return leastOver(divergenceAbove(parts), (own, order) => epsilonOfDivergence(own, order, delta));
}

/** The least δ at ε ≥ 0. */
export function renyiDelta(parts: readonly RenyiPart[], epsilon: number): number {
  const divergence = divergenceAbove(parts);
  // Apart, since their minimum need not be unimodal in the order.
  const { value } = leastOver(divergence, (own, order) => logDeltaOfDivergence(own, order, epsilon));
  const variation = logTotalVariation(divergence(LEAST_ORDER));
  return Math.min(1, exp(Math.min(value, variation, 0)) + infinityOfParts(parts));
}
