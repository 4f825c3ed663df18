/**
 * For Node without a framework: a web-standard handler on `node:http`.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { checkInteger, checkOptions, type OptionNames, refuse } from '../../check.ts';
import { heard } from '../../heard.ts';
import { type Handler, replyOf } from '../fetch/replies.ts';
import { systemClock } from '../../protocol/clock.ts';
import { graceOf, within } from '../../protocol/grace.ts';
import { Gate } from '../gate.ts';
import { type NodeRequest, nodeRequest } from './request.ts';

/** Options of {@link serve}. */
export interface ServeOptions {
  /** 0 for any that is free. Default 0. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** Certificates: the options of `tls.createServer`, such as `{ key, cert }` in PEM. Without them it speaks plain HTTP. */
  readonly tls?: ServeTls;
  /** Told of handlers that reject, which a `fetchHandler` never does. */
  readonly onError?: (error: unknown) => void;
}

/** What `node:tls` takes; most need the first two. */
export interface ServeTls {
  readonly key?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly [option: string]: unknown;
}

/** A server that listens. */
export interface NodeServer {
  readonly port: number;
  /** `http://host:port`, or `https:`, without a slash. */
  readonly url: string;
  /**
   * Answers further requests 503 and asks clients to close their connections; resolves once the requests at hand are answered, or
   * after `grace` milliseconds (default 30,000): whether they are.
   */
  drain(options?: { readonly grace?: number }): Promise<boolean>;
  /**
   * Takes no further connections, waits for the requests at hand, at most `grace` milliseconds (default 30,000), cuts off what is
   * left, and ends.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

const OPTIONS: OptionNames<ServeOptions> = { port: true, host: true, tls: true, onError: true };

/** Bytes of a body that goes out as characters: Node writes those in one with the headers, bytes beside them. */
const SHORT = 1024;

/** How long a client may go on sending a body that was refused, in milliseconds, before it is cut off. */
const LINGER = 1000;

/**
 * Serves `handler` on HTTP/1.1. Without `tls` it is plain: put a reverse proxy with TLS before it.
 *
 * Bodies stream both ways with backpressure; `request.signal` fires when the client goes away.
 *
 * @throws The error of `node:net` where the port cannot be had.
 * @example
 * ```ts
 * import { fetchHandler } from '@fedkit/core/transport/fetch';
 * import { serve } from '@fedkit/core/transport/node';
 *
 * const handle = fetchHandler({ handle: async (_client, request) => request }, { insecure: true });
 * const server = await serve(handle);
 * const response = await fetch(`${server.url}/fedkit`);
 * console.log(response.status); // => 405
 * await server.close();
 * ```
 */
export async function serve(
  handler: (request: Request) => Promise<Response>,
  options: ServeOptions = {},
): Promise<NodeServer> {
  checkOptions('serve', options, OPTIONS);
  if (typeof handler !== 'function') refuse('INVALID_ARGUMENT', 'serve: handler', 'a function', handler);
  const { host = '127.0.0.1', tls } = options;
  const onError = heard(options.onError);
  const gate = new Gate(systemClock);
  const port = checkInteger('serve: port', options.port ?? 0, 0, 65_535);
  let closing = false;
  let closed: Promise<void> | undefined;
  const take = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (gate.draining) {
      incoming.resume();
      outgoing.writeHead(503, { 'content-length': 0, 'retry-after': '1', connection: 'close' }).end();
      return;
    }
    void gate.pass(() => answered(handler, incoming, outgoing, onError, () => closing || gate.draining));
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls as object, take);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port: actual } = server.address() as { readonly port: number };
  return {
    port: actual,
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    drain: (how = {}) => gate.drain(graceOf('serve: drain', how)),
    async close(how = {}) {
      const grace = graceOf('serve: close', how);
      closing = true;
      closed ??= new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      server.closeIdleConnections();
      if (!(await within(grace, closed))) server.closeAllConnections();
      await closed;
    },
  };
}

/** A listener of `node:http`, as Express, Fastify and `node:https` take it too. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * `handler` as a listener, for a server that is there already: `createServer({ key, cert }, listener)` of `node:https`,
 * `app.use('/fedkit', listener)` of Express. Fastify needs `reply.hijack()` before `listener(request.raw, reply.raw)`, and a parser for
 * every content type that leaves the body alone: docs/guides/deployment.md has the lines. Under a mount path of Express the handler sees
 * the whole path.
 *
 * A body that was read before is taken from `request.body` where that holds bytes, as `express.raw()` leaves them. Else the handler's
 * reading it fails with `PROTOCOL_STATE`, which a `fetchHandler` answers with 500, and Node prints a warning.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { fetchHandler } from '@fedkit/core/transport/fetch';
 * import { nodeListener } from '@fedkit/core/transport/node';
 *
 * const handle = fetchHandler({ handle: async (_client, request) => request }, { insecure: true });
 * const server = createServer(nodeListener(handle)); // or of node:https, with your certificates
 * console.log(server.listening); // => false
 * ```
 */
export function nodeListener(
  handler: (request: Request) => Promise<Response>,
  options: { readonly onError?: (error: unknown) => void } = {},
): NodeListener {
  checkOptions('nodeListener', options, { onError: true });
  if (typeof handler !== 'function') refuse('INVALID_ARGUMENT', 'nodeListener: handler', 'a function', handler);
  const onError = heard(options.onError);
  return (incoming, outgoing) => void answered(handler, incoming, outgoing, onError, () => false);
}

/** Answers a request, with 500 where the handler rejects. */
async function answered(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  onError: (error: unknown) => void,
  closing: () => boolean,
): Promise<void> {
  try {
    await answer(handler, incoming, outgoing, closing);
  } catch (error) {
    onError(error);
    if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-length': 0 });
    outgoing.end();
  }
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  closing: () => boolean,
): Promise<void> {
  let asked: NodeRequest;
  try {
    asked = nodeRequest(incoming);
  } catch {
    outgoing.writeHead(400, { 'content-length': 0, connection: 'close' }).end();
    return;
  }
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) asked.abort();
  });
  const head = (status: number, headers: Readonly<Record<string, string>>) =>
    outgoing.writeHead(status, { ...headers, ...(closing() && { connection: 'close' }) });
  const direct = replyOf(handler);
  if (direct !== undefined) {
    const { status, headers, body } = await direct(asked.request);
    if (body.length > SHORT) head(status, headers).end(body);
    else head(status, headers).end(String.fromCharCode(...body), 'latin1');
  } else {
    const response = await handler(asked.request);
    head(response.status, Object.fromEntries(response.headers));
    await send(response, outgoing);
  }
  if (incoming.complete) return;
  // The rest is read and thrown away: a client that is cut off while it sends may never see the answer.
  asked.discard();
  const timer: unknown = setTimeout(() => {
    if (!incoming.complete) incoming.destroy();
  }, LINGER);
  (timer as { unref(): void }).unref();
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    if (outgoing.destroyed) {
      await reader.cancel();
      return;
    }
    if (outgoing.write(value)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        outgoing.off('drain', go);
        outgoing.off('close', go);
        resolve();
      };
      outgoing.on('drain', go);
      outgoing.on('close', go);
    });
  }
  outgoing.end();
}
