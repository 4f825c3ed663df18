// The same in a service worker, where no module can be imported later.
import { federations } from './federations.mjs';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => {
  const answer = federations().catch((error) => ({ error: `${error.stack}` }));
  event.waitUntil(answer.then((models) => event.ports[0].postMessage(models)));
});
