/**
 * The service worker: it keeps the page's files, and goes on with a round whose tab is gone.
 *
 * @module
 */

/** Registers it, where there are service workers. What fails here the page does not need. */
export function keepForOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker
    .register('service-worker.js', { type: 'module' })
    .then(async () => {
      const { sync } = (await navigator.serviceWorker.ready) as unknown as {
        sync?: { register(tag: string): Promise<void> };
      };
      // Fires once there is a network, after the last tab is closed as well.
      const ask = () => void sync?.register('fedkit').catch(() => undefined);
      window.addEventListener('pagehide', ask);
      window.addEventListener('offline', ask);
    })
    .catch(() => undefined);
}
