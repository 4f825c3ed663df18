/**
 * Clients that declined rest, and rounds that lack them yield.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { type ClientMap, emptyMap, getClient, setClient } from './client-map.ts';
import { declinesOf } from './record.ts';
import type { RoundRules } from './round-options.ts';
import type { Rest, RoundState } from './state.ts';

/** However often a client declines: an hour, unless the rules say more. */
const LONGEST_REST = 3_600_000;

/** The resting clients once one more has declined: twice as long as the last time, if that was its last word too. */
export function withRest(
  { resting = emptyMap(), now }: RoundState,
  client: ClientId,
  shortest: number,
): ClientMap<Rest> {
  const times = (getClient(resting, client)?.times ?? 0) + 1;
  const rest = Math.min(shortest * 2 ** Math.min(times - 1, 30), Math.max(shortest, LONGEST_REST));
  return setClient(resting, client, { until: now + rest, times });
}

/** Whether a client is not to be drawn yet. */
export function isResting({ resting, now }: RoundState, client: ClientId): boolean {
  const rest = resting && getClient(resting, client);
  return rest !== undefined && now < rest.until;
}

/** Whether a rest has ended after `before`: a state is as old as its last event. O(resting clients). */
export function endsRestSince({ resting, now }: RoundState, before: number): boolean {
  if (!resting || resting.size === 0) return false;
  return resting.buckets.some((bucket) => bucket.some(([, { until }]) => until > before && until <= now));
}

/** The fewest clients that have to wait before a round is opened, or goes on: ≤ 0 where it has enough. */
export function neededClients(state: RoundState, { minimum, yielding, floor }: RoundRules): number {
  const { current, counters, resting } = state;
  // Of a round that asked a part of them: as many as it asked, less those that it lost.
  const wanted = current?.part ? Math.min(minimum, current.target) : minimum;
  const lost = current?.part ? declinesOf(counters) : (resting?.size ?? 0);
  const fewest = yielding ? Math.max(floor, wanted - lost) : wanted;
  return fewest - (current?.accepted ?? 0);
}

/** Whether a round has waited for its time without finding the clients it needs. */
export function isUnfilled(state: RoundState, rules: RoundRules): boolean {
  const { phase, paused, now, since, notBefore, waiting } = state;
  const hasWaited = phase === 'waiting' && !paused && now >= notBefore && now - since >= rules.recruiting;
  return hasWaited && waiting.size < neededClients(state, rules);
}

/** Whether a round of reports whose clients declined has all it can get. */
export function hasYielded(state: RoundState, rules: RoundRules): boolean {
  const { current, waiting, now, since } = state;
  return current !== null && waiting.size === 0 && now - since >= rules.recruiting && neededClients(state, rules) <= 0;
}
