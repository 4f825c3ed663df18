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

/** Without one who is let in again. */
export function withoutExcluded(excluded: Excluded | undefined = [], client: ClientId): Excluded {
  return excluded.filter((one) => one.client !== client);
}
