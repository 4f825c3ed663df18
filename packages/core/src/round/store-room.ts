/**
 * Whether a store holds what a run writes under one key, found out before anything is begun.
 *
 * @module
 */
import { lengthOf } from '../bytes.ts';
import { refuse } from '../check.ts';
import { type StateOwner, statePieces } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import type { Store } from '../store/contract.ts';

/** What of a run has a size. */
export interface StoredSizes {
  /** `limits.requestBytes`. */
  readonly requestBytes: number;
  /** Clients that may wait, and places of a round. */
  readonly clients: number;
  readonly places: number;
  readonly state: PlainData;
  readonly owner: StateOwner;
}

/** Heads, checksums and what an event says. */
const BESIDE = 4096;
/** Of a client that waits, and of one that has a place, with a name of 36 characters. */
const [WAITING, PLACED] = [64, 128];

/**
 * What a run cannot do without is a report in its log, the algorithm's state, and who waits. Reports that are folded are no part of it,
 * whatever slots and weights they have and however many a robust rule keeps: where their sums outgrow a key, they stay in the log. Nor is
 * the state of a secure sum, which is known once it is there.
 *
 * @throws FedkitError `OUT_OF_RANGE` with the bytes that are needed as `details.needed`.
 */
export function checkRoom(where: string, { maximumBytes }: Store, sizes: StoredSizes): void {
  if (maximumBytes === undefined) return;
  const { requestBytes, clients, places, state, owner } = sizes;
  const wants = [
    ['a report, by limits.requestBytes', requestBytes],
    ["the algorithm's state", lengthOf(statePieces(state, owner))],
    ['who waits, by limits.clients', WAITING * clients + PLACED * places],
  ] as const;
  const [what, bytes] = wants.reduce((most, one) => (one[1] > most[1] ? one : most));
  const needed = bytes + BESIDE;
  if (needed <= maximumBytes) return;
  refuse('OUT_OF_RANGE', `${where}: store`, `one that holds ${needed} bytes under a key for ${what}`, maximumBytes, {
    needed,
  });
}
