/**
 * Clients of a round at work, and errors that say whose they are.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { FedkitError, isFedkitError } from '../errors.ts';

/**
 * Runs `work` for every client, up to `concurrency` at once, and folds the results in the cohort's order. If something
 * fails, nothing more is begun, what runs is awaited, and the failure of the first such client is thrown.
 */
export async function inOrder<T>(
  clients: readonly ClientId[],
  concurrency: number,
  work: (client: ClientId) => Promise<T>,
  fold: (client: ClientId, result: T) => Promise<void>,
  place: (client: ClientId, error: unknown) => unknown,
): Promise<void> {
  const waiting = new Map<number, T>();
  let begun = 0;
  let folded = 0;
  const failures: { index: number; error: unknown }[] = [];
  const runner = async () => {
    while (begun < clients.length && failures.length === 0) {
      const index = begun++;
      try {
        waiting.set(index, await work(clients[index]));
      } catch (error) {
        failures.push({ index, error });
      }
      while (failures.length === 0 && waiting.has(folded)) {
        const result = waiting.get(folded) as T;
        waiting.delete(folded);
        try {
          await fold(clients[folded], result);
        } catch (error) {
          failures.push({ index: folded, error });
        }
        folded++;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, clients.length) }, runner));
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first) throw place(clients[first.index], first.error);
}

/** Does `action`; what it throws says where. */
export function at<T>(place: string, details: Record<string, string | number>, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw placed(place, details, error);
  }
}

/** The same error with the place in front of its message; errors that are not ours pass as they are. */
export function placed(place: string, details: Record<string, string | number>, error: unknown): unknown {
  if (!isFedkitError(error)) return error;
  return new FedkitError(error.code, `simulate: ${place}: ${error.message}`, {
    details: { ...error.details, ...details },
    cause: error,
  });
}
