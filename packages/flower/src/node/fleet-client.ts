/**
 * Calls of the Fleet API: signed, one by one, tried again where that may help.
 *
 * @module
 */
import { FedkitError, isFedkitError, type Rng } from '@fedkit/core';
import {
  checkAborted,
  onAbort,
  readBody,
  refuse,
  sleep,
  systemClock,
  utf8Decode,
  utf8Encode,
} from '@fedkit/core/internal';
import { toBase64 } from '../key/base64.ts';
import { derSignature, pemOf } from '../key/der.ts';
import type { NodeKey } from '../key/node-key.ts';
import { decodeMessage } from '../proto/decode.ts';
import { encodeMessage } from '../proto/encode.ts';
import type { Call } from '../proto/messages.ts';

/** What the calls need of the world. */
export interface FleetClientOptions {
  readonly url: string;
  readonly key: NodeKey;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly rng: Rng;
  /** The longest answer, in bytes. */
  readonly maximumAnswer: number;
  /** Milliseconds a call may take. */
  readonly timeout: number;
  /** The time of day: signatures are good for minutes. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
  /** Told of a call that failed and is tried again after so many milliseconds. */
  readonly onRetry: (error: FedkitError, milliseconds: number) => void;
}

const TYPE = 'application/protobuf';
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** A connection of one key to one SuperLink. */
export class FleetClient {
  readonly #options: FleetClientOptions;
  readonly #pem: Uint8Array;
  #sent = 0;
  #last = 0;

  constructor(options: FleetClientOptions) {
    this.#options = options;
    this.#pem = pemOf(options.key.publicKey);
  }

  /** The public key as the API wants it. */
  get pem(): Uint8Array {
    return this.#pem;
  }

  /** Bytes of all bodies sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Calls until there is an answer. A SuperLink that is not there yet, or not now, is asked again, for as long as it takes.
   *
   * @throws FedkitError `ABORTED`; `AUTHENTICATION_FAILED` for 401; `PROTOCOL_STATE` for every other refusal, with `status`,
   * and Flower's `code` where it says one.
   */
  async call<Q extends object, A extends object>(call: Call<Q, A>, request: Q): Promise<A> {
    const body = encodeMessage(call.request, request);
    for (let failures = 0; ; failures++) {
      try {
        return await this.once(call, body);
      } catch (error) {
        if (!isFedkitError(error, 'UNAVAILABLE')) throw error;
        const ceiling = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
        const milliseconds = ceiling * (1 - this.#options.rng.uniform() / 2);
        this.#options.onRetry(error, milliseconds);
        await sleep(call.path, systemClock, milliseconds, this.#options.signal);
      }
    }
  }

  /** Calls once. @throws FedkitError as {@link FleetClient.call}, and `UNAVAILABLE` where another try may help. */
  async once<Q extends object, A extends object>(call: Call<Q, A>, body: Uint8Array<ArrayBuffer>): Promise<A> {
    const { url, fetch, maximumAnswer, timeout, signal } = this.#options;
    const where = `flowerNode: ${call.path}`;
    checkAborted(where, signal);
    const controller = new AbortController();
    const stop = () => controller.abort();
    const deafen = onAbort(signal, stop);
    const cancel = systemClock.after(timeout, stop);
    try {
      const response = await fetch(`${url}/v1/fleet/${call.path}`, {
        method: 'POST',
        headers: await this.#headers(),
        body,
        redirect: 'error',
        signal: controller.signal,
      });
      this.#sent += body.length;
      const bounds = { where, declared: undefined, limit: maximumAnswer, clock: systemClock, milliseconds: timeout };
      const answer = await readBody(response, bounds);
      if (response.status !== 200) throw refusalOf(where, response.status, answer);
      return decodeMessage(where, call.answer, answer);
    } catch (error) {
      checkAborted(where, signal);
      if (isFedkitError(error) && error.code !== 'DECODE_FAILED') throw error;
      // A captive portal's page, a broken connection, no connection: none of it is the SuperLink's word.
      throw new FedkitError('UNAVAILABLE', `${where}: expected an answer, got none`, { cause: error });
    } finally {
      cancel();
      deafen();
    }
  }

  /** The time of day to the microsecond, never the same twice: a fleet takes a signature once. */
  #timestamp(): string {
    this.#last = Math.max(Math.floor(this.#options.now() * 1000), this.#last + 1);
    const milliseconds = Math.floor(this.#last / 1000);
    const digits = String(this.#last % 1000).padStart(3, '0');
    // Python 3.10 reads six digits and an offset, and neither fewer nor a Z.
    return new Date(milliseconds).toISOString().replace('Z', `${digits}+00:00`);
  }

  async #headers(): Promise<Record<string, string>> {
    const timestamp = this.#timestamp();
    const signature = await this.#options.key.sign(utf8Encode(timestamp));
    return {
      'content-type': TYPE,
      accept: TYPE,
      'flwr-public-key': toBase64(this.#pem),
      'flwr-timestamp': timestamp,
      'flwr-signature': toBase64(derSignature(signature)),
    };
  }
}

/** Flower's own number for what went wrong, where a refusal has one. */
export function flowerCode(error: unknown): number | undefined {
  const code = isFedkitError(error) ? error.details.flower : undefined;
  return typeof code === 'number' ? code : undefined;
}

function refusalOf(where: string, status: number, body: Uint8Array): FedkitError {
  let code: unknown;
  try {
    code = (JSON.parse(utf8Decode(body)) as { readonly code?: unknown }).code;
  } catch {
    // Not Flower's own refusal.
  }
  const flower = typeof code === 'number' ? code : undefined;
  const details = { status, ...(flower !== undefined && { flower }) };
  const said = `HTTP ${status}${flower === undefined ? '' : `, code ${flower}`}`;
  const kind =
    status === 401
      ? 'AUTHENTICATION_FAILED'
      : status === 408 || status === 429 || status >= 500
        ? 'UNAVAILABLE'
        : 'PROTOCOL_STATE';
  return new FedkitError(kind, `${where}: expected an answer, got ${said}`, { details });
}

/** Scheme, host with its port, path: React Native's `URL` throws where it is asked for its host. */
const ADDRESS = /^(https?):\/\/([^/?#@\s]+)((?:\/[^?#\s]*)?)$/i;
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** The SuperLink's address without a slash at its end. @throws FedkitError `INVALID_ARGUMENT`. */
export function checkUrl(where: string, url: unknown, insecure: boolean): string {
  const match = typeof url === 'string' ? ADDRESS.exec(url) : null;
  if (match === null) {
    return refuse('INVALID_ARGUMENT', `${where}: url`, 'such as https://superlink.example.org:8000', 'something else');
  }
  const [, scheme, host, path] = match;
  if (scheme.toLowerCase() === 'http' && !LOCAL.test(host) && !insecure) {
    // The signature covers the time alone, nothing that a call says.
    refuse('INVALID_ARGUMENT', `${where}: url`, 'https, http on this machine, or insecure: true', 'http');
  }
  return `${scheme}://${host}${path.replace(/\/+$/, '')}`;
}
