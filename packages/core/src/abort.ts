/**
 * Stopping when asked.
 *
 * @module
 */
import { FedkitError } from './errors.ts';

/** Throws `ABORTED` once `signal` has fired; its reason becomes the error's cause. */
export function checkAborted(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new FedkitError('ABORTED', `${where}: aborted by the caller's signal`, { cause: signal.reason });
}

const ears = new WeakMap<EventTarget, Set<() => void>>();

function hear({ target }: Event): void {
  ears.get(target as AbortSignal)?.forEach((listener) => listener());
}

/**
 * Calls `listener`, made for this call alone, once `signal` fires; never where it has fired already. It must not throw.
 *
 * However many listen, a signal has one listener of ours: Node takes eleven for a leak and says so, and a thousand clients under one
 * signal are none. O(1).
 *
 * @returns Stops listening; the last to stop leaves nothing on the signal.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  const listeners = ears.get(signal) ?? new Set();
  ears.set(signal, listeners.add(listener));
  signal.addEventListener('abort', hear);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) signal.removeEventListener('abort', hear);
  };
}
