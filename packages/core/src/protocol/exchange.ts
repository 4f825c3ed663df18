/**
 * What a transport is: it brings one request to the server and its response back. Requests are idempotent, so a transport
 * may lose, repeat and reorder them. It needs not know what they say. One that looks may answer a `model` request from
 * bytes that have the digest the request names, as MQTT does from what its broker retains; every other request and response
 * is for the two ends alone.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { FedkitError } from '../errors.ts';

/**
 * A client's end.
 *
 * @throws FedkitError `ABORTED` once the signal fires; `UNAVAILABLE` where another try later may succeed;
 * `AUTHENTICATION_FAILED` or `OUT_OF_RANGE` for requests that the server's end will never take.
 */
export type Exchange = (request: Uint8Array, options?: ExchangeOptions) => Promise<Uint8Array>;

/** What a client's end may be told with a request. */
export interface ExchangeOptions {
  readonly signal?: AbortSignal;
  /** Told of every failed try that the transport itself follows with another one after `milliseconds`; what it throws changes nothing. */
  readonly onFailure?: (error: FedkitError, milliseconds: number) => void;
}

/** A server's end: what a transport hands authenticated requests to. */
export interface RequestHandler {
  /**
   * @param client - Who asks, as the transport authenticated it.
   * @param request - Kept by nobody after the promise settles.
   * @returns The response, which may be shared with other requests: neither to be written to nor transferred. Refusals are responses too; it rejects only where the server itself is at fault.
   */
  handle(client: ClientId, request: Uint8Array): Promise<Uint8Array>;
  /** The longest request that it takes, in bytes: a transport refuses longer ones before it buffers them. */
  readonly maximumRequestLength?: number;
}
