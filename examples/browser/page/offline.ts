/**
 * The service worker: it keeps the page's files, and goes on with a round whose tab is gone.
 *
 * @module
 */

/** What some browsers add to a registration. */
interface Synced {
  readonly sync?: { register(tag: string): Promise<void> };
  readonly periodicSync?: { register(tag: string, options: { readonly minInterval: number }): Promise<void> };
}

/** The least time between two looks for a round while no tab is open: an hour. Browsers take longer as they see fit. */
const INTERVAL = 3_600_000;

/** Registers it, where there are service workers. What fails here the page does not need. */
export function keepForOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker
    .register('service-worker.js', { type: 'module' })
    .then(async () => {
      const { sync, periodicSync } = (await navigator.serviceWorker.ready) as unknown as Synced;
      // Fires once there is a network, after the last tab is closed as well.
      const ask = () => void sync?.register('fedkit').catch(() => undefined);
      window.addEventListener('pagehide', ask);
      window.addEventListener('offline', ask);
      // Refused unless the page is installed as an app.
      await periodicSync?.register('fedkit', { minInterval: INTERVAL });
    })
    .catch(() => undefined);
}
