/**
 * What rounds that are over have left outside of the store.
 *
 * @module
 */
import type { ServerHalf } from '../pipeline/contract.ts';

/**
 * Looks for it, and gives what removes what was found: to be called once a write has shown that the run is still this server's, so that
 * nothing of another's is among it. What cannot be found or removed now goes with the next round's.
 */
export async function leftoversOf<R>(half: ServerHalf<R>): Promise<() => Promise<void>> {
  const remove = half.collects === 'reports' ? await half.leftovers?.().catch(() => undefined) : undefined;
  return async () => {
    await remove?.().catch(() => {});
  };
}
