/**
 * The dominating pairs of each event under each relation.
 *
 * @module
 */
import type { LeafEvent } from '../event/types.ts';
import type { Neighboring } from '../neighboring.ts';
import { checkSupported } from '../support.ts';
import type { DominatingPairs } from './pair.ts';

/**
 * The pair (or both, where the directions differ) that dominates `event` under `neighboring`.
 *
 * @throws FedkitError `UNSUPPORTED_EVENT` where the support matrix has no entry; `OUT_OF_RANGE` for discrete noise of more
 * than 2^20 atoms.
 */
export function pairsOfEvent(event: LeafEvent, neighboring: Neighboring): DominatingPairs {
  return checkSupported(event, 'pld', neighboring).pairs(neighboring);
}
