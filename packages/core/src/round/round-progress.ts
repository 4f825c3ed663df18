/**
 * How far a run with rounds has come, for whoever watches it.
 *
 * @module
 */
import { clientEntries } from './client-map.ts';
import type { RoundMachine } from './machine.ts';
import type { ServerProgress } from './server-options.ts';
import type { RoundState } from './state.ts';

/** @param deadline - What `RoundMachine.deadline` says now. @param rest - What the machine does not know. */
export function progressOf(
  { phase, paused, round, published, waiting, current, excluded }: RoundState,
  deadline: ReturnType<RoundMachine['deadline']>,
  rest: Pick<ServerProgress, 'history' | 'lastFailure'>,
): ServerProgress {
  const { open = 0, accepted = 0 } = current ?? {};
  const { stage, remaining } = deadline ?? {};
  return {
    phase,
    paused,
    round,
    published,
    waiting: waiting.size,
    open,
    accepted,
    ...(stage !== undefined && { stage }),
    ...(remaining !== undefined && { remaining }),
    get awaited() {
      if (!current) return [];
      return clientEntries(current.members).flatMap(([client, { place }]) => (place === 'open' ? [client] : []));
    },
    excluded: excluded ?? [],
    ...rest,
  };
}
