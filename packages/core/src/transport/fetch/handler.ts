/**
 * The server's end over HTTP: a function from a web-standard `Request` to a `Response`, for Node, Hono, Bun, Deno and
 * workers.
 *
 * @module
 */
import type { ClientId } from '../../aggregate/contract.ts';
import { checkInteger, checkOptions, type OptionNames, refuse } from '../../check.ts';
import { isClientId } from '../../client-id.ts';
import { isFedkitError } from '../../errors.ts';
import { heard } from '../../heard.ts';
import { utf8Encode } from '../../utf8.ts';
import { authenticationOf } from '../authentication.ts';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import type { RequestHandler } from '../../protocol/exchange.ts';
import { Intake } from '../intake.ts';
import { graceOf } from '../../protocol/grace.ts';
import { noTelemetry, type Telemetry } from '../../telemetry/contract.ts';
import { Gate } from '../gate.ts';
import { completeLimits, type TransportLimits } from '../limits.ts';
import { decodePiece, encodeHave, PIECE_HEADER } from '../piece.ts';
import { statusOf } from '../status.ts';
import { contentLength, readBody } from './body.ts';
import { type CorsOptions, corsOf } from './cors.ts';
import { CLIENT_HEADER, HAVE, mediaType, PIECE, WHOLE } from './protocol.ts';
import { handlerOf, type Reply } from './replies.ts';

/** Who may ask is not optional: `authenticate`, or `insecure: true` in so many words. */
export type FetchAuthentication =
  | {
      /**
       * The client that sent `request`, or `undefined` for a stranger. It sees the headers; it must not read the body. What
       * it throws is a fault of the server.
       */
      readonly authenticate: (request: Request) => ClientId | undefined | Promise<ClientId | undefined>;
      readonly insecure?: false;
    }
  /** Believes the header `fedkit-client`: whoever reaches the server is whoever they say. */
  | { readonly insecure: true; readonly authenticate?: undefined };

/** Options of {@link fetchHandler}. */
export type FetchHandlerOptions = FetchAuthentication & {
  /** The path of the URL that is served, with what URLs escape escaped; others are 404. Default `/fedkit`. */
  readonly path?: string;
  readonly limits?: TransportLimits;
  /** Seconds that a busy server asks clients to wait. Default 5. */
  readonly retryAfter?: number;
  /** For clients that are pages of other origins: which. Default none. */
  readonly cors?: CorsOptions;
  /** Told of the server's own faults, which clients learn nothing about but that they may try again. What it throws is told to nobody. */
  readonly onError?: (error: unknown) => void;
  /** Default the engine's. */
  readonly clock?: Clock;
  /** Where counts go, of refusals before the round above all. */
  readonly telemetry?: Telemetry;
};

/** A handler of web-standard requests, with an end. */
export interface FetchHandler {
  (request: Request): Promise<Response>;
  /**
   * From now on every request is answered 503: another server may take it. Resolves once the requests at hand are answered, or after
   * `grace` milliseconds (default 30,000): whether they are.
   */
  drain(options?: { readonly grace?: number }): Promise<boolean>;
}

const OPTIONS: OptionNames<FetchHandlerOptions> = {
  authenticate: true,
  insecure: true,
  path: true,
  limits: true,
  retryAfter: true,
  cors: true,
  onError: true,
  clock: true,
  telemetry: true,
};

/** What a client is told, by status. No word of it comes from a request or an error. */
const TEXTS = {
  400: 'malformed request',
  401: 'authentication required',
  404: 'not found',
  405: 'method not allowed',
  408: 'request too slow',
  413: 'request too large',
  415: 'unsupported media type',
  422: 'digest mismatch',
  500: 'server error',
  503: 'try again later',
} as const;
type Status = keyof typeof TEXTS;

/**
 * Serves `handler` over HTTP. TLS is the host's affair, and so is what `authenticate` asks for; without TLS both are in
 * vain.
 *
 * Requests are bounded before they are buffered: by their declared length, by what really comes, by the time it takes, by
 * client and over all clients. Requests that break a bound are answered 4xx or 503, with a fixed text; the promise never
 * rejects.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without an `authenticate` hook, unless `insecure` is `true`.
 * @example
 * ```ts
 * import { fetchHandler } from '@fedkit/core/transport/fetch';
 *
 * const tokens = new Map([['a long random token', 'client 1']]);
 * const handle = fetchHandler(
 *   { handle: async (_client, request) => request },
 *   { authenticate: (request) => tokens.get(request.headers.get('authorization')?.slice('Bearer '.length) ?? '') },
 * );
 * const headers = { 'content-type': 'application/octet-stream' };
 * const response = await handle(new Request('https://example.org/fedkit', { method: 'POST', headers, body: 'a' }));
 * console.log(response.status); // => 401
 * ```
 */
export function fetchHandler(handler: RequestHandler, options: FetchHandlerOptions): FetchHandler {
  const where = 'fetchHandler';
  checkOptions(where, options ?? {}, OPTIONS);
  if (typeof handler?.handle !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: handler`, 'a RequestHandler', handler);
  const authenticate = authenticationOf<Request>(where, options ?? {}, ({ headers }) => {
    const client = headers.get(CLIENT_HEADER);
    return isClientId(client) ? client : undefined;
  });
  const { path = '/fedkit', clock = systemClock, telemetry = noTelemetry } = options;
  const onError = heard(options.onError);
  // As it stands in a request's URL: another would never be asked for.
  if (typeof path !== 'string' || !path.startsWith('/') || new URL(`http://host${path}`).pathname !== path) {
    refuse('INVALID_ARGUMENT', `${where}: path`, 'a path from /, as URLs write it', path);
  }
  const retryAfter = `${checkInteger(`${where}: retryAfter`, options.retryAfter ?? 5, 0, 86_400)}`;
  const limits = completeLimits(where, options.limits, handler);
  const cors = corsOf(where, options.cors);
  const intake = new Intake(handler, { limits, clock, onError, telemetry });
  const gate = new Gate(clock);

  const reply = (status: number, type: string, body: Uint8Array, headers: Record<string, string> = {}): Reply => ({
    status,
    // Told by a header, the length saves hosts a chunked encoding.
    headers: { 'content-type': type, 'content-length': `${body.length}`, ...headers },
    body,
  });
  const refusal = (status: Status, headers?: Record<string, string>) =>
    reply(status, 'text/plain', utf8Encode(TEXTS[status]), headers);

  /** A URL of this path: the next request's is most often the same. */
  let served: string | undefined;

  async function answer(request: Request): Promise<Reply> {
    const { url } = request;
    if (url !== served && new URL(url).pathname !== path) return refusal(404);
    served = url;
    if (request.method !== 'POST') return refusal(405, { allow: 'POST' });
    const type = mediaType(request.headers);
    if ((type !== WHOLE && type !== PIECE) || (request.headers.get('content-encoding') ?? 'identity') !== 'identity') {
      return refusal(415, { accept: `${WHOLE}, ${PIECE}` });
    }
    const limit = limits.requestBytes + (type === PIECE ? PIECE_HEADER : 0);
    const declared = contentLength(where, request.headers);
    if (declared !== undefined && declared > limit) return refusal(413);
    const client = await authenticate(request);
    if (client === undefined) telemetry.count('fedkit_unauthenticated_total', 1);
    if (client === undefined) return refusal(401, { 'www-authenticate': 'Bearer' });
    const reservation = intake.reserve(client, declared ?? 0);
    try {
      const body = await readBody(request, {
        where,
        declared,
        limit,
        allocate: reservation.allocate,
        clock,
        milliseconds: limits.bodyMilliseconds,
      }).catch((error: unknown) => {
        if (isFedkitError(error, 'UNAVAILABLE') && error.details.late === true) return undefined;
        throw error;
      });
      if (body === undefined) return refusal(408);
      const receipt =
        type === PIECE ? await intake.piece(client, decodePiece(body)) : { response: await intake.whole(client, body) };
      return 'have' in receipt ? reply(200, HAVE, encodeHave(receipt.have)) : reply(200, WHOLE, receipt.response);
    } finally {
      reservation.release();
    }
  }

  const handle = handlerOf(async (request) => {
    const preflight = cors.preflight(request);
    if (preflight !== undefined) return preflight;
    let answered: Reply;
    try {
      answered = gate.draining ? refusal(503, { 'retry-after': retryAfter }) : await gate.pass(() => answer(request));
    } catch (error) {
      const status = statusOf(error) as Status | undefined;
      if (status === undefined) onError(error);
      answered = refusal(status ?? 500, status === 503 || status === undefined ? { 'retry-after': retryAfter } : {});
    }
    telemetry.count('fedkit_http_requests_total', 1, { status: `${answered.status}` });
    return cors.mark(request, answered);
  });
  return Object.assign(handle, {
    drain: (how: { readonly grace?: number } = {}) => gate.drain(graceOf(`${where}.drain`, how)),
  });
}
