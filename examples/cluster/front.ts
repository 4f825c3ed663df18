/**
 * A front end: keeps reports among the blobs, and asks the coordinator. It remembers nothing.
 *
 * @module
 */
import { frontEnd } from '@fedkit/core/engine';
import { prometheusTelemetry, statusHandler } from '@fedkit/core/telemetry';
import { fetchExchange, fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { blobsOf, clusterKey, place, type Setting } from './setting.ts';

export async function standBefore(setting: Setting, name: string, url: string): Promise<() => Promise<void>> {
  const key = clusterKey();
  const authorization = `Bearer ${Buffer.from(key).toString('hex')}`;
  const exchanges = new Map<string, ReturnType<typeof fetchExchange>>();
  const exchangeOf = (client: string): ReturnType<typeof fetchExchange> => {
    const headers = { authorization, 'fedkit-client': client };
    const found =
      exchanges.get(client) ?? fetchExchange({ url: `${setting.coordinator.url}/fedkit`, headers, attempts: 2 });
    exchanges.set(client, found);
    return found;
  };
  const telemetry = prometheusTelemetry();
  const front = frontEnd({
    blobs: blobsOf(setting),
    key,
    ask: (client, request) => exchangeOf(client)(request),
  });
  const handler = fetchHandler(front, {
    // By tokens of yours in earnest: here a client is who it says it is.
    authenticate: (request) => request.headers.get('x-client') ?? undefined,
    telemetry,
  });
  let draining = false;
  const status = statusHandler({
    server: {
      health: { healthy: true },
      get readiness() {
        return draining ? { ready: false, reason: 'draining' } : { ready: true };
      },
    },
    metrics: telemetry,
  });
  const listening = await serve(handler, place(url));
  const telling = await serve(
    async (request) => status(request) ?? new Response(null, { status: 404 }),
    place(setting.status[name]),
  );
  return async () => {
    draining = true;
    await handler.drain({ grace: 2000 });
    await listening.close({ grace: 2000 });
    await telling.close({ grace: 500 });
  };
}
