/**
 * Whether a round can be announced at all, found out before anybody waits for one.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '../errors.ts';
import type { ExchangingServer, ServerHalf } from '../pipeline/contract.ts';
import { partSize } from '../select/part-of.ts';
import type { RoundRules } from './round-options.ts';

/** Numbers of places that are tried between the fewest and the most. */
const TRIES = 16;

/**
 * Refuses options under which a round of any kind has no threshold, ring or claim for any number of places from `minimum` to the most
 * that are invited, or for the part of them that it asks: with what it says of the most.
 *
 * @throws FedkitError as the pipeline's `announce`.
 */
export function checkPossible(half: ServerHalf<unknown>, rules: RoundRules): void {
  if (half.collects !== 'exchange') return;
  for (const round of half.kinds ?? [1]) checkRound(half, round, rules);
}

function checkRound(half: ExchangingServer<unknown>, round: number, { places, minimum }: RoundRules): void {
  const modelDigest = new Uint8Array(32);
  const share = half.draw?.share(round) ?? 1;
  const refusal = (count: number): FedkitError | undefined => {
    try {
      half.announce({ round, places: partSize(count, share, half.minimumContributors), modelDigest });
      return undefined;
    } catch (error) {
      if (isFedkitError(error)) return error;
      throw error;
    }
  };
  const first = refusal(places);
  if (first === undefined) return;
  const asked = partSize(places, share, half.minimumContributors);
  const named =
    asked === places
      ? first
      : new FedkitError(
          first.code,
          `federatedServer: evaluation rounds: expected a part of which a sum can be made, got ${asked} of ${places}: ${first.message}`,
          { cause: first },
        );
  const step = Math.max(1, Math.ceil((places - minimum) / TRIES));
  for (let count = places - step; count >= minimum; count -= step) if (refusal(count) === undefined) return;
  if (refusal(minimum) !== undefined) throw named;
}
