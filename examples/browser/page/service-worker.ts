/**
 * Keeps the page's files for times without a network, and goes on with what a closed tab had begun: the same client on the same
 * store, under the same lock, so that no tab and worker are ever the same participant at once.
 *
 * @module
 */
import type { Status } from '../status.ts';
import { Participant } from './participant.ts';

interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetches extends Waits {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(kind: 'fetch', listener: (event: Fetches) => void): void;
  addEventListener(kind: 'message', listener: (event: Waits & MessageEvent) => void): void;
  addEventListener(kind: 'sync' | 'periodicsync', listener: (event: Waits & { readonly tag: string }) => void): void;
  addEventListener(kind: 'install' | 'activate', listener: (event: Waits) => void): void;
}
const scope = globalThis as unknown as Scope;

const FILES = 'fedkit page';
/** What is never kept: the federation itself. */
const LIVE = new Set(['/fedkit', '/status', '/digits']);
/** Browsers end a worker that takes much longer. */
const BUDGET = 25_000;
/** Participants that are looked after. */
const SLOTS = 8;

scope.addEventListener('install', () => void scope.skipWaiting());
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method !== 'GET' || LIVE.has(new URL(url).pathname)) return;
  event.respondWith(fetched(event.request));
});

/** From the network where there is one, so that no tab stays out of date; else as it was kept. */
async function fetched(request: Request): Promise<Response> {
  const files = await caches.open(FILES);
  try {
    const response = await fetch(request);
    if (response.ok) await files.put(request, response.clone()).catch(() => undefined);
    return response;
  } catch (error) {
    const kept = await files.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}

let underWay: Promise<number> | undefined;

/**
 * Ends the rounds that closed tabs have begun, one call after another: a browser fires by itself, and beside whoever asks.
 *
 * @returns Of how many participants an update was counted, those of a call under way among them.
 */
async function goOn(): Promise<number> {
  const before = underWay?.catch(() => 0);
  const both = (async () => ((await before) ?? 0) + (await endRounds()))();
  underWay = both;
  try {
    return await both;
  } finally {
    if (underWay === both) underWay = undefined;
  }
}

async function endRounds(): Promise<number> {
  const { privacy } = (await (await fetch('/status')).json()) as Status;
  const counted = await Promise.all(
    Array.from({ length: SLOTS }, async (_, slot) => {
      // Whoever holds the lock goes on by itself.
      const participant = await Participant.resume({ slot, privacy });
      if (participant === undefined) return false;
      try {
        return await participant.finish(BUDGET);
      } finally {
        participant.release();
      }
    }),
  );
  return counted.filter(Boolean).length;
}

for (const kind of ['sync', 'periodicsync'] as const) {
  scope.addEventListener(kind, (event) => {
    if (event.tag === 'fedkit') event.waitUntil(goOn());
  });
}
scope.addEventListener('message', (event) => {
  if (event.data !== 'go on') return;
  event.waitUntil(goOn().then((ended) => event.ports[0]?.postMessage(ended)));
});
