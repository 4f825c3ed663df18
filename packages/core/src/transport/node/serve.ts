/**
 * For Node without a framework: a web-standard handler on `node:http`.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { checkInteger, refuse } from '../../check.ts';
import { type Handler, replyOf } from '../fetch/shortcuts.ts';
import { type NodeRequest, nodeRequest } from './request.ts';

/** Options of {@link serve}. */
export interface ServeOptions {
  /** 0 for any that is free. Default 0. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** Told of handlers that reject, which a `fetchHandler` never does. */
  readonly onError?: (error: unknown) => void;
}

/** A server that listens. */
export interface NodeServer {
  readonly port: number;
  /** `http://host:port`, without a slash. */
  readonly url: string;
  /** Takes no further connections, waits for the requests at hand, and ends. */
  close(): Promise<void>;
}

/** How long a client may go on sending a body that was refused, in milliseconds, before it is cut off. */
const LINGER = 1000;

/**
 * Serves `handler` on plain HTTP/1.1. Put TLS before it: a reverse proxy, or `node:https` with your own bridge.
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
  if (typeof handler !== 'function') refuse('INVALID_ARGUMENT', 'serve: handler', 'a function', handler);
  const { host = '127.0.0.1', onError = () => {} } = options;
  const port = checkInteger('serve: port', options.port ?? 0, 0, 65_535);
  let closing = false;
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing, () => closing).catch((error: unknown) => {
      onError(error);
      if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-length': 0 });
      outgoing.end();
    });
  });
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
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve, reject) => {
        closing = true;
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
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
    head(status, headers).end(body);
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
