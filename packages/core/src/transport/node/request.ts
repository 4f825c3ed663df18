/**
 * A web-standard `Request` around one of `node:http`, whose parts are made when they are asked for: a whole one costs
 * as much as reading a hundred kilobytes, and few handlers look at more than its method, URL, headers and body.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { FedkitError } from '../../errors.ts';
import { freeBytes } from '../../free-buffer.ts';
import { CHUNKS, type ChunkSource } from '../fetch/chunks.ts';
import { lazyHeaders } from './headers.ts';

/** Body bytes that wait for the handler before the client is made to wait. */
const BUFFERED = 262_144;

/** Node gives every chunk memory of its own, free once it was taken; what others that have its modules do is theirs to know. */
const OWN_CHUNKS = ((versions: object = { bun: '' }) => !('bun' in versions || 'deno' in versions))(
  (globalThis as { process?: { versions?: object } }).process?.versions,
);

/** What the host of a request does with it, beside handing it on. */
export interface NodeRequest {
  readonly request: Request;
  /** Lets the rest of the body come, and go nowhere. */
  discard(): void;
  /** Fires the request's signal. */
  abort(): void;
}

/** @throws TypeError for a target that is no URL. */
export function nodeRequest(incoming: IncomingMessage): NodeRequest {
  const request = new LazyRequest(incoming);
  return {
    request: request as unknown as Request,
    discard: () => discard(request),
    abort: () => abort(request),
  };
}

let discard: (request: LazyRequest) => void;
let abort: (request: LazyRequest) => void;

class LazyRequest {
  readonly method: string;
  readonly url: string;
  readonly #incoming: IncomingMessage;
  #headers: Headers | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  /** Nobody wants more of the body, or there is no more. */
  #over = false;
  #controller: AbortController | undefined;
  #aborted = false;
  #whole: Request | undefined;

  static {
    discard = (request) => request.#discard();
    abort = (request) => {
      request.#aborted = true;
      request.#controller?.abort();
    };
  }

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
    this.method = incoming.method ?? 'GET';
    // Express takes the mount path off the URL.
    const { originalUrl } = incoming as { originalUrl?: unknown };
    const target = typeof originalUrl === 'string' ? originalUrl : (incoming.url ?? '/');
    this.url = urlOf(incoming.headers.host ?? 'localhost', target);
  }

  get headers(): Headers {
    this.#headers ??= lazyHeaders(this.#incoming.rawHeaders);
    return this.#headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.method === 'GET' || this.method === 'HEAD') return null;
    this.#body ??= new ReadableStream<Uint8Array>(
      {
        // Types of Node and of the DOM, where both are there, leave open which kind of controller this is.
        start: (controller) => this.#start(controller as ReadableStreamDefaultController<Uint8Array>),
        pull: () => {
          this.#incoming.resume();
        },
        cancel: () => this.#discard(),
      },
      { highWaterMark: BUFFERED, size: (chunk) => chunk.byteLength },
    );
    return this.#body;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed ?? this.#body?.locked ?? false;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  /** The request as the engine would have made it, for everything that is rarely asked for. */
  get whole(): Request {
    if (this.#whole === undefined) {
      const { method, body, signal } = this;
      const headers = new Headers(this.headers);
      this.#whole = new Request(this.url, { method, headers, body, signal, duplex: 'half' } as RequestInit);
    }
    return this.#whole;
  }

  /** The body as it comes, for a reader that never keeps it waiting. */
  [CHUNKS](): ChunkSource {
    let end = (): void => {};
    return {
      forEach: (take) =>
        new Promise((resolve, reject) => {
          end = resolve;
          const takeAndFree = (chunk: Uint8Array): void => {
            take(chunk);
            if (OWN_CHUNKS && this.#incoming.listenerCount('data') === 1) freeBytes(chunk);
          };
          this.#listen(takeAndFree, (error) => (error === undefined ? resolve() : reject(error)));
        }),
      cancel: () => {
        this.#discard();
        end();
      },
    };
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const take = (chunk: Uint8Array): void => {
      controller.enqueue(chunk);
      if ((controller.desiredSize ?? 0) <= 0) this.#incoming.pause();
    };
    this.#listen(take, (error) => (error === undefined ? controller.close() : controller.error(error)));
    this.#incoming.pause();
  }

  /** `end` is called once, unless the rest is discarded before; what `take` throws is an end too. */
  #listen(take: (chunk: Uint8Array) => void, end: (error?: unknown) => void): void {
    const finish = (error?: unknown): void => {
      if (this.#over) return;
      this.#over = true;
      end(error);
    };
    try {
      const before = readBefore(this.#incoming);
      if (before !== undefined) {
        take(before);
        finish();
        return;
      }
    } catch (error) {
      finish(error);
      return;
    }
    // Node says `close` of every request: an error with its stack is made of one that has not ended alone.
    const broken = (): void => {
      if (!this.#over) finish(new Error('the client went away'));
    };
    this.#incoming.on('data', (chunk) => {
      if (this.#over) return;
      try {
        take(chunk);
      } catch (error) {
        finish(error);
      }
    });
    this.#incoming.on('end', () => finish());
    this.#incoming.on('error', broken);
    this.#incoming.on('close', broken);
  }

  #discard(): void {
    this.#over = true;
    this.#incoming.resume();
  }
}

let latest = { host: '', target: '', url: '' };

/** The URL of a target. Most clients ask for the same one again and again: the latest is remembered. */
function urlOf(host: string, target: string): string {
  if (latest.url !== '' && latest.host === host && latest.target === target) return latest.url;
  const base = new URL(`http://${host}`);
  // Two slashes would begin another host, and `//x/fedkit` be asked for as `/fedkit`.
  const url = new URL(target.startsWith('//') ? base.origin + target : target, base).href;
  latest = { host, target, url };
  return url;
}

let warned = false;

/**
 * The body, where somebody else has read it to its end and left its bytes beside it; `undefined` where nobody has.
 *
 * @throws FedkitError `PROTOCOL_STATE` where it was read and is gone. Waiting for it would end in a timeout that says nothing.
 */
function readBefore(incoming: IncomingMessage): Uint8Array | undefined {
  const { readableEnded, body } = incoming as { readableEnded?: boolean; body?: unknown };
  if (readableEnded !== true) return undefined;
  if (body instanceof Uint8Array) return body;
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  if (encoding === undefined && Number(length ?? 0) === 0) return new Uint8Array(0);
  const error = new FedkitError(
    'PROTOCOL_STATE',
    'nodeListener: expected a body that nobody has read, got one that was read: mount it before what parses bodies',
  );
  if (!warned) {
    warned = true;
    const { process } = globalThis as { process?: { emitWarning?(text: string, name: string): void } };
    process?.emitWarning?.(error.message, 'FedkitWarning');
  }
  throw error;
}

Object.setPrototypeOf(LazyRequest.prototype, Request.prototype);
for (const name of ['cache', 'credentials', 'destination', 'integrity', 'keepalive', 'mode', 'redirect'] as const) {
  Object.defineProperty(LazyRequest.prototype, name, {
    get(this: LazyRequest) {
      return this.whole[name];
    },
  });
}
for (const name of ['arrayBuffer', 'blob', 'clone', 'formData', 'json', 'text'] as const) {
  Object.defineProperty(LazyRequest.prototype, name, {
    value(this: LazyRequest) {
      return this.whole[name]();
    },
  });
}
