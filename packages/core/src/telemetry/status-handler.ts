/**
 * `/health`, `/ready` and `/metrics` as one web-standard handler.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import { type PrometheusTelemetry, PROMETHEUS_TYPE } from './prometheus.ts';

/** What is looked at of a `federatedServer`. */
export interface Observed {
  /** Whether requests can be served now, or why not. */
  readonly readiness: { readonly ready: boolean; readonly reason?: string };
  /** Whether it can go on at all, or why not. */
  readonly health: { readonly healthy: boolean; readonly reason?: string };
}

/** Options of {@link statusHandler}. */
export interface StatusHandlerOptions {
  readonly server: Observed;
  /** What `/metrics` tells; without it that path is 404. */
  readonly metrics?: PrometheusTelemetry;
}

/**
 * Answers `GET` and `HEAD` of three paths; `undefined` for every other request, which is somebody else's.
 *
 * - `/health` is 200 unless the server has ended for good: closed, or its run opened by another. Restart it on 503.
 * - `/ready` is 200 while requests are served: 503 once it drains, or while its store fails. Route around it on 503.
 * - `/metrics` is Prometheus text.
 *
 * None of them tells a client's name or a secret, but all tell how many there are: keep them from strangers.
 *
 * @example
 * ```ts
 * import { statusHandler } from '@fedkit/core/telemetry';
 *
 * const server = { health: { healthy: true }, readiness: { ready: false, reason: 'draining' } };
 * const status = statusHandler({ server });
 * console.log(status(new Request('http://host/health'))?.status); // => 200
 * console.log(await status(new Request('http://host/ready'))?.text()); // => {"ready":false,"reason":"draining"}
 * ```
 */
export function statusHandler(options: StatusHandlerOptions): (request: Request) => Response | undefined {
  checkOptions('statusHandler', options, { server: true, metrics: true } satisfies OptionNames<typeof options>);
  const { server, metrics } = options;
  if (typeof server?.readiness !== 'object') {
    refuse('INVALID_ARGUMENT', 'statusHandler: server', 'a federatedServer', server);
  }
  const json = (good: boolean, body: object) =>
    new Response(JSON.stringify(body), {
      status: good ? 200 : 503,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
  return (request) => {
    const { pathname } = new URL(request.url);
    const answer = () => {
      if (pathname === '/health') return json(server.health.healthy, server.health);
      if (pathname === '/ready') return json(server.readiness.ready, server.readiness);
      if (pathname === '/metrics' && metrics !== undefined) {
        return new Response(metrics.text(), { headers: { 'content-type': PROMETHEUS_TYPE } });
      }
      return undefined;
    };
    const response = answer();
    if (response === undefined || request.method === 'GET') return response;
    if (request.method === 'HEAD') return new Response(null, response);
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  };
}
