/**
 * A client's end over HTTP, on whatever `fetch` there is.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../../check.ts';
import type { Exchange } from '../../protocol/exchange.ts';
import { completeRetryOptions, RETRY_OPTIONS, type RetryOptions, retryingExchange, unavailable } from '../retry.ts';
import { decodeHave, encodePiece, type Receipt } from '../piece.ts';
import { failureOf } from '../status.ts';
import { causeOf } from './cause.ts';
import { HAVE, mediaType, PIECE, WHOLE } from './protocol.ts';
import { responseBody } from './response-body.ts';

export interface FetchExchangeOptions extends RetryOptions {
  /** Where the server is, with its path: `https://example.org/fedkit`. In a page or worker also `/fedkit`, on its own origin. */
  readonly url: string;
  /** Sent with every message, such as `authorization`; a function is asked anew each time, for tokens that expire. */
  readonly headers?: Readonly<Record<string, string>> | (() => Promise<Readonly<Record<string, string>>>);
  /** Default the engine's. */
  readonly fetch?: typeof fetch;
}

const where = 'fetchExchange';
const OPTIONS: OptionNames<FetchExchangeOptions> = { ...RETRY_OPTIONS, url: true, headers: true, fetch: true };

/**
 * Asks a server over HTTP.
 *
 * Requests longer than `chunkSize` go in pieces: one that was interrupted goes on where it stopped, also from another
 * process, as long as the server keeps it and the bytes are the same. Bodies are sent as bytes, never as streams, so any
 * `fetch` will do. Redirects are not followed: they would carry the credentials elsewhere.
 *
 * The exchange rejects with `ABORTED` by the caller's signal; `UNAVAILABLE` when `attempts` in a row have failed or the
 * server asks for a longer wait than `longestDelay` (`details.retryAfter`, milliseconds); `AUTHENTICATION_FAILED` for
 * 401 and 403, `OUT_OF_RANGE` for a request that is too large for the server or a response that
 * is too large for `responseBytes`, `INVALID_ARGUMENT` for any other answer that
 * no other try will change: the URL is not that of a server.
 *
 * @throws FedkitError `INVALID_ARGUMENT` or `OUT_OF_RANGE` for options.
 */
export function fetchExchange(options: FetchExchangeOptions): Exchange {
  checkOptions(where, options, OPTIONS);
  const { headers } = options;
  const url = absolute(options.url);
  const call = options.fetch ?? globalThis.fetch;
  if (typeof call !== 'function') refuse('INVALID_ARGUMENT', `${where}: fetch`, 'a function', call);
  const retry = completeRetryOptions(where, options);

  async function post(type: string, body: Uint8Array, signal: AbortSignal): Promise<Receipt> {
    const own = typeof headers === 'function' ? await headers() : headers;
    let response: Response;
    try {
      response = await call(url, {
        method: 'POST',
        headers: { ...own, 'content-type': type },
        body: body as Uint8Array<ArrayBuffer>,
        redirect: 'manual',
        signal,
      });
    } catch (cause) {
      throw unavailable(where, 'a response', `none (${causeOf(cause)})`, { cause });
    }
    if (response.status !== 200) {
      // Frees the connection.
      await response.body?.cancel().catch(() => {});
      throw failureOf(where, response.status, retryAfterOf(response.headers));
    }
    const answered = mediaType(response.headers);
    if (answered !== WHOLE && !(answered === HAVE && type === PIECE)) {
      // A captive portal says 200 to everything.
      await response.body?.cancel().catch(() => {});
      const portal = answered === 'text/html' ? 'a page (a portal that asks to log in, or another path?)' : 'another';
      throw unavailable(where, `a response of type ${WHOLE}`, portal);
    }
    const bytes = await responseBody(where, response, retry.responseBytes);
    return answered === WHOLE ? { response: bytes } : { have: received(bytes) };
  }

  return retryingExchange(
    where,
    {
      whole: (request, signal) => post(WHOLE, request, signal),
      piece: (piece, signal) => post(PIECE, encodePiece(piece), signal),
    },
    retry,
  );
}

/** The URL, completed by the page's origin where there is one. */
function absolute(url: unknown): string {
  const { location } = globalThis as { location?: { href?: unknown } };
  const base = typeof location?.href === 'string' ? location.href : undefined;
  const whole =
    typeof url === 'string' && url.startsWith('/') && base?.startsWith('http') ? new URL(url, base).href : url;
  if (typeof whole !== 'string' || !/^https?:\/\//.test(whole)) {
    refuse('INVALID_ARGUMENT', `${where}: url`, 'an http or https URL', typeof whole === 'string' ? 'another' : whole);
  }
  return whole;
}

function received(bytes: Uint8Array): number {
  try {
    return decodeHave(bytes);
  } catch (cause) {
    throw unavailable(where, 'a number of bytes', 'something else', { cause });
  }
}

/** Milliseconds by the header of that name: seconds, or a date, which is held against the response's own. */
function retryAfterOf(headers: Headers): number | undefined {
  const header = headers.get('retry-after');
  if (header === null) return undefined;
  if (/^[0-9]{1,9}$/.test(header)) return Number(header) * 1000;
  const wait = Date.parse(header) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
