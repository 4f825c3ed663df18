/**
 * What an operator does to a run, by HTTP: JSON in, JSON out.
 *
 *     GET  /api/state, /api/records?since=<round>, /api/live, /api/processes
 *     POST /api/pause, /api/resume, /api/cancel, /api/drain, /api/verify
 *     POST /api/extend    { "milliseconds": 60000 }
 *     POST /api/readmit   { "client": "…" }
 *     POST /api/rollback  { "round": 3 }
 *
 * @module
 */
import { type FederatedServer, isFedkitError, type PlainData, type Store } from '@fedkit/core';
import { verifyStore } from '@fedkit/core/round';
import { Live } from './live.ts';
import { type ProcessConfig, statesOf } from './processes.ts';
import { messageOf, snapshotOf } from './snapshot.ts';

/** What the API acts on. */
export interface ApiOptions {
  readonly server: FederatedServer<PlainData>;
  readonly store: Store;
  readonly processes?: readonly ProcessConfig[];
  readonly log: (entry: { readonly kind: string; readonly [name: string]: unknown }) => void;
}

type Body = Readonly<Record<string, unknown>>;
const LONGEST_BODY = 4096;

/** Answers requests of whoever has been let in; `undefined` for a path that is none of the API's. */
export function adminApi({
  server,
  store,
  processes = [],
  log,
}: ApiOptions): (request: Request) => Promise<Response | undefined> {
  const live = new Live(server);
  let verifying: Promise<object> | undefined;
  const actions: Readonly<Record<string, (body: Body) => Promise<object>>> = {
    pause: async () => (await server.pause(), {}),
    resume: async () => (await server.resume(), {}),
    cancel: async () => (await server.cancel(), {}),
    // The rest of the round takes as long as it takes; `ready` says that it is so.
    drain: async () => ({ ended: await server.drain({ grace: 0 }) }),
    extend: async ({ milliseconds }) => (await server.extend(milliseconds as number), {}),
    readmit: async ({ client }) => (await server.readmit(client as string), {}),
    rollback: async ({ round }) => (await server.rollBack(round as number), {}),
    verify: () => {
      verifying ??= verifyStore(store).finally(() => {
        verifying = undefined;
      });
      return verifying;
    },
  };
  const get: Readonly<Record<string, (url: URL) => Promise<Response>>> = {
    state: async () => json(200, snapshotOf(server)),
    records: async (url) => json(200, await server.records(Number(url.searchParams.get('since') ?? 0))),
    processes: async () => json(200, await statesOf(processes)),
    live: async () => live.stream() ?? json(503, { error: 'too many pages are open' }),
  };
  return async (request) => {
    const url = new URL(request.url);
    const name = /^\/api\/([a-z]+)$/.exec(url.pathname)?.[1];
    if (name === undefined) return undefined;
    const [read, act] = [Object.hasOwn(get, name) && get[name], Object.hasOwn(actions, name) && actions[name]];
    if (!read && !act) return json(404, { error: 'no such call' });
    if (request.method !== (read ? 'GET' : 'POST')) return json(405, { error: `${read ? 'GET' : 'POST'} it` });
    try {
      if (read) return await read(url);
      const body = await bodyOf(request);
      if (body === undefined) return json(400, { error: 'expected a short JSON object of type application/json' });
      const answer = act && (await act(body));
      log({ ...body, kind: 'admin', action: name });
      return json(200, { ...answer, state: snapshotOf(server) });
    } catch (error) {
      const status = isFedkitError(error) && error.code !== 'UNAVAILABLE' ? 409 : 503;
      log({ kind: 'admin', action: name, error });
      return json(status, { error: messageOf(error) });
    }
  };
}

/** A form of another site cannot send this type: cookies alone let nobody act. */
async function bodyOf(request: Request): Promise<Body | undefined> {
  if (!/^application\/json\b/.test(request.headers.get('content-type') ?? '')) return undefined;
  if (Number(request.headers.get('content-length') ?? LONGEST_BODY + 1) > LONGEST_BODY) return undefined;
  try {
    const body: unknown = JSON.parse((await request.text()) || '{}');
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}
