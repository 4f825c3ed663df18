/**
 * Whether a round can be announced at all, found out before anybody waits for one.
 *
 * @module
 */
import { isFedkitError } from '../errors.ts';
import type { ServerHalf } from '../pipeline/contract.ts';
import type { RoundRules } from './round-options.ts';

/** Numbers of places that are tried between the fewest and the most. */
const TRIES = 16;

/**
 * Refuses options under which an exchange has no threshold, ring or claim for any number of places from `minimum` to the most that are
 * invited: with what it says of the most.
 *
 * @throws FedkitError as the pipeline's `announce`.
 */
export function checkPossible(half: ServerHalf<unknown>, { places, minimum }: RoundRules): void {
  if (half.collects !== 'exchange') return;
  const modelDigest = new Uint8Array(32);
  const refusal = (count: number): unknown => {
    try {
      half.announce({ round: 1, places: count, modelDigest });
      return undefined;
    } catch (error) {
      if (isFedkitError(error)) return error;
      throw error;
    }
  };
  const first = refusal(places);
  if (first === undefined) return;
  const step = Math.max(1, Math.ceil((places - minimum) / TRIES));
  for (let count = places - step; count >= minimum; count -= step) if (refusal(count) === undefined) return;
  if (refusal(minimum) !== undefined) throw first;
}
