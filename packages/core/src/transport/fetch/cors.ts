/**
 * Cross-origin requests, for clients that are web pages: their browsers ask first, without credentials, whether they may.
 *
 * WHATWG Fetch Standard, "CORS protocol".
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../../check.ts';
import { CLIENT_HEADER } from './protocol.ts';
import type { Reply } from './replies.ts';

/** Pages of which origins may be clients. */
export interface CorsOptions {
  /** Such as `https://app.example.org`; or `'*'` for every page of the web that has a client's credentials. */
  readonly origins: readonly string[] | '*';
  /**
   * Whether pages may send cookies, with `credentials: 'include'`: a cookie comes with whatever a page of these origins sends. Not for
   * `'*'`. Default false.
   */
  readonly credentials?: boolean;
  /** Headers that pages may send beside those of the protocol, such as `traceparent`. Default none. */
  readonly headers?: readonly string[];
}

const OPTIONS: OptionNames<CorsOptions> = { origins: true, credentials: true, headers: true };
/** RFC 9110, §5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

interface Cors {
  /** The answer to a browser's question, or `undefined` where `request` is none. */
  preflight(request: Request): Reply | undefined;
  mark(request: Request, reply: Reply): Reply;
}

const NONE: Cors = { preflight: () => undefined, mark: (_request, reply) => reply };

export function corsOf(where: string, options: CorsOptions | undefined): Cors {
  if (options === undefined) return NONE;
  checkOptions(`${where}: cors`, options, OPTIONS);
  const { origins, credentials = false, headers: more = [] } = options;
  if (origins !== '*' && !(Array.isArray(origins) && origins.every((origin) => typeof origin === 'string'))) {
    refuse('INVALID_ARGUMENT', `${where}: cors.origins`, "a list of origins or '*'", origins);
  }
  if (typeof credentials !== 'boolean')
    refuse('INVALID_ARGUMENT', `${where}: cors.credentials`, 'a boolean', credentials);
  if (credentials && origins === '*') {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: cors.credentials`,
      "named origins: any page could use a client's cookies",
      origins,
    );
  }
  if (!(Array.isArray(more) && more.every((name) => typeof name === 'string' && TOKEN.test(name)))) {
    refuse('INVALID_ARGUMENT', `${where}: cors.headers`, 'a list of names of headers', more);
  }
  const asked = ['authorization', 'content-type', CLIENT_HEADER, ...more.map((name) => name.toLowerCase())].join(', ');
  const allowed = (request: Request): string | undefined => {
    const origin = request.headers.get('origin');
    if (origin === null) return undefined;
    if (origins === '*') return '*';
    return origins.includes(origin) ? origin : undefined;
  };
  const mark = (request: Request, reply: Reply): Reply => {
    const origin = allowed(request);
    const headers = {
      ...reply.headers,
      vary: 'origin',
      ...(origin !== undefined && {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'retry-after',
        ...(credentials && { 'access-control-allow-credentials': 'true' }),
      }),
    };
    return { ...reply, headers };
  };
  return {
    preflight(request) {
      if (request.method !== 'OPTIONS' || request.headers.get('access-control-request-method') === null) {
        return undefined;
      }
      const headers = {
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': asked,
        'access-control-max-age': '86400',
      };
      return mark(request, { status: 204, headers, body: new Uint8Array(0) });
    },
    mark,
  };
}
