/**
 * Where a server's requests arrive: sizes are checked before anything is read, work on the state is done one piece after
 * another, and an answer goes out once what it says is stored.
 *
 * @module
 */
import { SerialQueue } from '../serial-queue.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import { checkClientId } from '../client-id.ts';
import { type FedkitError, isFedkitError } from '../errors.ts';
import type { Publication, Request, Response } from '../protocol/message.ts';
import { decodeRequest, encodeResponse } from '../protocol/server-message.ts';
import type { ServerEvent } from './server-options.ts';

/** Bytes of a request without a body, and around one. */
const ENVELOPE = 64;

/** A request that concerns the state. */
export type StateRequest = Exclude<Request, { kind: 'model' | 'terms' | 'published' }>;

/** What a request comes to: what to answer once it is stored. */
export interface Outcome {
  readonly response: Response;
  readonly stored?: Promise<void>;
}

/** What is behind a dispatcher. */
export interface DispatcherOptions {
  /** Bytes of a report or message. */
  readonly requestBytes: number;
  /** Reads from the model; never waits. Encoded: it is the same for many. */
  part(request: Request & { kind: 'model' }): Uint8Array;
  /** The latest model; never waits. */
  published(): Publication | Promise<Publication>;
  /** What clients must agree to, encoded. */
  terms(): Uint8Array;
  /** Runs alone. What it throws is a refusal if it has a name; anything else, and `UNAVAILABLE`, is the server's fault. */
  answer(client: ClientId, request: StateRequest): Promise<Outcome>;
  /** Counts a refusal; runs alone. */
  refused(error: FedkitError): Promise<void>;
  /** Whether what is in memory may be ahead of the store. */
  stale(): boolean;
  /** Reads the store anew; runs alone. */
  reload(): Promise<void>;
  /** Sees every failure of what was run, before anybody is told. */
  failed(error: unknown): void;
  /** Counts the bytes of a request and its response. */
  counted(up: number, down: number): void;
  tell(event: ServerEvent): void;
}

export class Dispatcher {
  readonly maximumRequestLength: number;
  readonly #options: DispatcherOptions;
  readonly #queue = new SerialQueue();
  #broken = false;
  #closed = false;
  /** Requests that come from now on are refused; what is under way goes on. */
  #refusing = false;
  #up = 0;
  #down = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.maximumRequestLength = options.requestBytes + ENVELOPE;
  }

  async handle(client: ClientId, bytes: Uint8Array): Promise<Uint8Array> {
    const answer = await this.#respond(client, bytes);
    const response = answer instanceof Uint8Array ? answer : encodeResponse(answer);
    this.#up += bytes.length;
    this.#down += response.length;
    this.#options.counted(bytes.length, response.length);
    return response;
  }

  /** Bytes that went through since this was last asked. */
  traffic(): { readonly up: number; readonly down: number } {
    const traffic = { up: this.#up, down: this.#down };
    this.#up = 0;
    this.#down = 0;
    return traffic;
  }

  /** Runs after everything before it, alone, on what the store holds. */
  exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#closed) refuse('UNAVAILABLE', 'federatedServer', 'an open server', 'a closed one');
      if (this.#broken || this.#options.stale()) {
        await this.#options.reload();
        this.#broken = false;
      }
      return work();
    });
  }

  /** As {@link exclusive}; after a failure the store is read anew. */
  attempt<T>(work: () => T | Promise<T>): Promise<T> {
    return this.exclusive(work).catch((error: unknown) => {
      this.#broken = true;
      this.#options.failed(error);
      throw error;
    });
  }

  /** Requests are refused from now on. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Nothing is taken any more; resolves once what is under way is done. */
  async close(): Promise<void> {
    const idle = this.#queue.run(() => {});
    this.#closed = true;
    await idle;
  }

  async #respond(client: ClientId, bytes: Uint8Array): Promise<Response | Uint8Array> {
    if (this.#refusing) {
      return {
        kind: 'refused',
        code: 'UNAVAILABLE',
        message: 'federatedServer: expected an open server, got one that closes',
      };
    }
    try {
      checkClientId('federatedServer: client', client);
      const longest = this.maximumRequestLength;
      if (!(bytes instanceof Uint8Array) || bytes.length > longest) {
        refuse('OUT_OF_RANGE', 'federatedServer: request', `at most ${longest} bytes`, 'more');
      }
      const request = decodeRequest(bytes);
      if (request.kind === 'model') return this.#options.part(request);
      if (request.kind === 'published') return { kind: 'published', publication: await this.#options.published() };
      if (request.kind === 'terms') return { kind: 'terms', bytes: this.#options.terms() };
      const { response, stored } = await this.exclusive(() => this.#options.answer(client, request));
      await stored;
      if (stored && response.kind === 'accepted')
        this.#options.tell({ kind: 'accepted', client, ticket: response.ticket });
      return response;
    } catch (error) {
      return this.#refusal(client, error);
    }
  }

  async #refusal(client: ClientId, error: unknown): Promise<Response> {
    if (!isFedkitError(error) || error.code === 'UNAVAILABLE') {
      this.#broken = true;
      this.#options.failed(error);
      this.#options.tell({ kind: 'failed', error });
      const message = 'federatedServer: expected a store and a pipeline that work, got a failure; try again';
      return { kind: 'refused', code: 'UNAVAILABLE', message };
    }
    // Whether it can be counted is not the client's business.
    await this.attempt(() => this.#options.refused(error)).catch(() => {});
    const message = withoutValue(error);
    this.#options.tell({ kind: 'refused', client, code: error.code, message });
    return { kind: 'refused', code: error.code, message };
  }
}

/** A refusal's text up to what came: a message to a client repeats nothing of what clients send. */
function withoutValue({ message }: FedkitError): string {
  const end = message.indexOf(', got ');
  return end < 0 ? message : message.slice(0, end);
}
