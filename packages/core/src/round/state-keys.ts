/**
 * Under which keys a run's store holds the algorithm's states: `round/state/<round>.<epoch>`.
 *
 * @module
 */
import { numbered, sortedByEpoch } from './chain.ts';

export const STATE = 'round/state/';

/** Of the state after a round, from a server of that epoch. */
export const stateKey = ({ round, epoch }: { readonly round: number; readonly epoch: number }): string =>
  `${numbered(STATE, round)}.${epoch}`;

export const roundOf = (key: string): number => Number.parseInt(key.slice(STATE.length), 10);

/** One key a round, that of the latest epoch, by round. */
export function sortedByRound(keys: readonly string[]): string[] {
  const latest = new Map<number, string>();
  for (const key of sortedByEpoch(keys)) latest.set(roundOf(key), key);
  return [...latest].sort(([a], [b]) => a - b).map(([, key]) => key);
}

/** Where the state is that a snapshot's head names; asynchronous runs have none. */
export function stateKeyOf(head: unknown): string | undefined {
  const { state: round, epoch } = head as { readonly state?: unknown; readonly epoch?: unknown };
  return typeof round === 'number' && typeof epoch === 'number' ? stateKey({ round, epoch }) : undefined;
}
