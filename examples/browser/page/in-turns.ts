/**
 * One tab of a browser trains at a time: tabs that all trained at once would each take as many times longer, and the device with them.
 *
 * @module
 */

/** Of Web Locks: of one origin, over its tabs and workers. */
export const TRAINING = 'fedkit training';
/** Then training goes on beside a tab that holds the lock, which its browser may have put to sleep, in milliseconds. */
const PATIENCE = 10_000;

/** Does `work` once no other tab does such; at once where there are no Web Locks. What `work` throws is thrown. */
export async function inTurns<T>(work: () => Promise<T>, patience = PATIENCE): Promise<T> {
  if (navigator.locks === undefined) return work();
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return (await navigator.locks.request(TRAINING, { signal: AbortSignal.timeout(patience) }, begin)) as T;
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}
