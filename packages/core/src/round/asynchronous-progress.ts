/**
 * How far a run without rounds has come, for whoever watches it.
 *
 * @module
 */
import type { AsynchronousRunState } from './asynchronous-machine.ts';
import { clientEntries } from './client-map.ts';
import type { ServerProgress } from './server-options.ts';

/** @param stored - The state that the store knows. @param rest - What the machine does not know. */
export function asynchronousProgress(
  { paused, working, buffered }: AsynchronousRunState,
  { phase, version }: AsynchronousRunState,
  rest: Pick<ServerProgress, 'lastFailure'>,
): ServerProgress {
  return {
    phase: phase === 'running' ? 'collecting' : phase,
    paused,
    round: version + (phase === 'running' ? 1 : 0),
    published: version,
    waiting: 0,
    open: working.size,
    accepted: buffered.count,
    stage: 'reporting',
    get awaited() {
      return clientEntries(working).map(([client]) => client);
    },
    ...rest,
  };
}
