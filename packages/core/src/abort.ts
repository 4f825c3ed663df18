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

/** Who listens to a signal, and the one listener of ours that tells them. */
interface Ear {
  readonly listeners: Set<() => void>;
  readonly hear: () => void;
}

const ears = new WeakMap<AbortSignal, Ear>();

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
  let ear = ears.get(signal);
  if (!ear) {
    const all = new Set<() => void>();
    // Asks nothing of the event: a signal that an app made up may give none.
    ears.set(signal, (ear = { listeners: all, hear: () => all.forEach((one) => one()) }));
  }
  const { listeners, hear } = ear;
  if (!listeners.size) signal.addEventListener('abort', hear);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) signal.removeEventListener('abort', hear);
  };
}
