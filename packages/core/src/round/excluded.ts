/**
 * Clients that were proved to cheat: they are drawn no more.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { RoundState } from './state.ts';

type Excluded = NonNullable<RoundState['excluded']>;

/** With one more, who is there once. */
export function withExcluded(excluded: Excluded | undefined = [], one: Excluded[number]): Excluded {
  return excluded.some(({ client }) => client === one.client) ? excluded : [...excluded, one];
}

/** Lets one in again. */
export function readmit(state: { excluded?: Excluded }, client: ClientId): void {
  const left = (state.excluded ?? []).filter((one) => one.client !== client);
  if (left.length > 0) state.excluded = left;
  else delete state.excluded;
}
