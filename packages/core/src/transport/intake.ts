/**
 * The receiving half of every transport over a network: requests in one message or in pieces, within bounds, to the
 * handler.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Clock } from '../protocol/clock.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import { noTelemetry, type Telemetry } from '../telemetry/contract.ts';
import type { TransportLimits } from './limits.ts';
import type { Piece, Receipt } from './piece.ts';
import { nativeSha256 } from '../native-sha256.ts';
import { digestOf } from '../sha256.ts';
import { type Sha256, sha256Stream } from '../sha256-stream.ts';
import { freeBuffer } from '../free-buffer.ts';
import { SpareBuffers } from '../spare-buffers.ts';

/** What keeping anything costs beside its bytes: a bound on bytes is one on numbers too. */
const OVERHEAD = 1024;

/**
 * Bytes of messages whose memory is kept, and of all that is kept: three reports of 20M parameters. Of longer ones fresh memory is a
 * smaller part of what a round of theirs needs at its end, when these are not there.
 */
const LEAST_SPARE = 16_384;
const LONGEST_SPARE = 2 ** 27;
const MOST_SPARE = 2 ** 28;
/**
 * Where a message begins in its memory. Before a report's values there are 49 bytes (docs/round-protocol.md): they are read where they
 * lie, without a copy, if their place is a multiple of 4.
 */
export const MESSAGE_START = 3;

/** Memory for a message that is arriving. */
export interface Reservation {
  /**
   * Memory of `length` bytes, of any content, in place of what was allocated before; that keeps its content until then.
   *
   * @throws FedkitError `UNAVAILABLE` where there is no more.
   */
  readonly allocate: (length: number) => Uint8Array;
  /** Gives all of it back; nobody may use it any more. */
  readonly release: () => void;
}

interface Upload {
  readonly key: string;
  readonly client: ClientId;
  readonly total: number;
  /** Released once there is a response. */
  bytes: Uint8Array | undefined;
  /** Of the bytes at hand, where that costs no more than one over all of them in the end. */
  readonly hash: Sha256 | undefined;
  actual?: Uint8Array;
  have: number;
  touched: number;
  /** When it last grew. */
  grown: number;
  /** Bytes that it holds in the books. */
  held: number;
  /** The handler at work, or its response. */
  response: Promise<Uint8Array> | undefined;
}

interface Account {
  held: number;
  /** Messages that are arriving. */
  arriving: number;
  /** From the one that was touched longest ago. */
  readonly uploads: Set<Upload>;
}

/** Not in the handler's hands. */
const idle = (upload: Upload) => upload.response === undefined || upload.bytes === undefined;

/**
 * Assembles and bounds.
 *
 * - A piece that does not begin where the bytes at hand end is not stored beyond them; the receipt says where to go on.
 * - An upload's memory is reserved whole with its first piece, so that what was begun can be finished. A client that
 *   exceeds its own bound loses its oldest unfinished uploads; when all memory is taken, uploads that have come to a standstill make room, and if none has, newcomers are `UNAVAILABLE`.
 * - Responses to uploads are kept as long as an unfinished one would be, unless memory is short: requests are idempotent.
 */
export class Intake {
  readonly #handler: RequestHandler;
  readonly #limits: Required<TransportLimits>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #telemetry: Telemetry;
  readonly #accounts = new Map<ClientId, Account>();
  /** Unfinished and finished uploads, each from the one that was touched longest ago. */
  readonly #open = new Map<string, Upload>();
  readonly #done = new Map<string, Upload>();
  readonly #spare = new SpareBuffers(LEAST_SPARE, MESSAGE_START, MOST_SPARE);
  #held = 0;

  constructor(
    handler: RequestHandler,
    options: {
      readonly limits: Required<TransportLimits>;
      readonly clock: Clock;
      readonly onError: (error: unknown) => void;
      readonly telemetry?: Telemetry | undefined;
    },
  ) {
    checkOptions('Intake', options, { limits: true, clock: true, onError: true, telemetry: true } satisfies OptionNames<
      typeof options
    >);
    this.#handler = handler;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#telemetry = options.telemetry ?? noTelemetry;
    this.#telemetry.observe('fedkit_intake_bytes', () => this.#held);
    this.#telemetry.observe('fedkit_uploads_unfinished', () => this.#open.size);
  }

  /** Bytes in the books. */
  get held(): number {
    return this.#held;
  }

  /**
   * Books `bytes` for a message of `client`.
   *
   * @throws FedkitError `OUT_OF_RANGE` for more than anyone may send, `UNAVAILABLE` while memory is taken.
   */
  reserve(client: ClientId, bytes: number): Reservation {
    this.#checkLength(bytes);
    let held = bytes + OVERHEAD;
    this.#take(client, held);
    this.#account(client).arriving++;
    let buffer: Uint8Array | undefined;
    let open = true;
    const allocate = (length: number): Uint8Array => {
      const more = Math.max(0, length + OVERHEAD - held);
      this.#take(client, more);
      held += more;
      // Whoever asks for more copies what is in it: it is not freed.
      if (buffer !== undefined) this.#keep(buffer);
      buffer = this.#spare.take(length);
      return buffer;
    };
    const release = (): void => {
      if (buffer !== undefined) this.#release(buffer);
      buffer = undefined;
      if (open) this.#account(client).arriving--;
      open = false;
      this.#give(client, held);
      held = 0;
    };
    return { allocate, release };
  }

  /** Hands over a request that came in one message. */
  whole(client: ClientId, request: Uint8Array): Promise<Uint8Array> {
    return this.#handle(client, request);
  }

  /**
   * Takes a piece.
   *
   * @throws FedkitError `AUTHENTICATION_FAILED` where the whole does not match its digest (all of it is dropped),
   * `SHAPE_MISMATCH` for another length under the same digest, and what {@link reserve} throws.
   */
  async piece(client: ClientId, piece: Piece): Promise<Receipt> {
    this.#expire();
    const key = toHex(piece.digest) + client;
    const upload = this.#done.get(key) ?? this.#open.get(key) ?? this.#begin(key, client, piece.total);
    if (upload.total !== piece.total)
      refuse('SHAPE_MISMATCH', 'transport: piece', `a whole of ${upload.total} bytes as before`, piece.total);
    this.#touch(upload);
    const fresh = piece.bytes.subarray(Math.max(0, upload.have - piece.offset));
    if (piece.offset <= upload.have && fresh.length > 0 && upload.bytes !== undefined) {
      upload.bytes.set(fresh, upload.have);
      upload.hash?.update(fresh);
      upload.have += fresh.length;
      upload.grown = upload.touched;
    }
    if (upload.have < upload.total) return { have: upload.have };
    upload.response ??= this.#finish(upload, piece.digest.slice());
    return { response: await upload.response };
  }

  #begin(key: string, client: ClientId, total: number): Upload {
    this.#checkLength(total);
    const held = total + OVERHEAD;
    this.#take(client, held);
    const bytes = this.#spare.take(total);
    const upload: Upload = {
      key,
      client,
      total,
      bytes,
      hash: nativeSha256 && sha256Stream(),
      have: 0,
      touched: 0,
      grown: this.#clock.now(),
      held,
      response: undefined,
    };
    this.#open.set(key, upload);
    this.#account(client).uploads.add(upload);
    return upload;
  }

  async #finish(upload: Upload, digest: Uint8Array): Promise<Uint8Array> {
    try {
      const bytes = upload.bytes as Uint8Array;
      upload.actual ??= upload.hash?.digest() ?? (await digestOf(bytes));
      const { actual } = upload;
      if (!actual.every((byte, i) => byte === digest[i])) {
        this.#forget(upload);
        refuse('AUTHENTICATION_FAILED', 'transport: upload', 'bytes of the digest that names them', 'others');
      }
      const response = await this.#handle(upload.client, bytes);
      this.#settle(upload, response);
      return response;
    } catch (error) {
      // A piece that comes again is another try.
      upload.response = undefined;
      throw error;
    }
  }

  async #handle(client: ClientId, request: Uint8Array): Promise<Uint8Array> {
    try {
      const response = await this.#handler.handle(client, request);
      if (response.length > this.#limits.responseBytes) {
        refuse('OUT_OF_RANGE', 'transport: response', `at most ${this.#limits.responseBytes} bytes`, response.length);
      }
      // The request's memory is about to be used again.
      return response.buffer === request.buffer ? new Uint8Array(response) : response;
    } catch (cause) {
      this.#onError(cause);
      throw new FedkitError('UNAVAILABLE', 'transport: expected a response, got an error of the server', { cause });
    }
  }

  /** Keeps the response in place of the request. */
  #settle(upload: Upload, response: Uint8Array): void {
    const account = this.#account(upload.client);
    const more = response.length + OVERHEAD - upload.held;
    this.#recycle(upload);
    upload.held += more;
    account.held += more;
    this.#held += more;
    this.#open.delete(upload.key);
    this.#done.set(upload.key, upload);
  }

  #touch(upload: Upload): void {
    upload.touched = this.#clock.now();
    const map = this.#done.has(upload.key) ? this.#done : this.#open;
    map.delete(upload.key);
    map.set(upload.key, upload);
    const { uploads } = this.#account(upload.client);
    uploads.delete(upload);
    uploads.add(upload);
  }

  #expire(): void {
    const oldest = this.#clock.now() - this.#limits.uploadMilliseconds;
    for (const map of [this.#open, this.#done]) {
      for (const upload of map.values()) {
        if (upload.touched > oldest) break;
        if (idle(upload)) this.#evict(upload, 'expired');
      }
    }
  }

  #evict(upload: Upload, reason: 'expired' | 'stalled' | 'client'): void {
    if (this.#open.has(upload.key)) this.#telemetry.count('fedkit_uploads_evicted_total', 1, { reason });
    this.#forget(upload);
  }

  #checkLength(bytes: number): void {
    const { requestBytes } = this.#limits;
    if (bytes > requestBytes) refuse('OUT_OF_RANGE', 'transport: request', `at most ${requestBytes} bytes`, bytes);
  }

  #take(client: ClientId, bytes: number): void {
    const { clientBytes, totalBytes } = this.#limits;
    const account = this.#account(client);
    for (const upload of account.uploads) {
      if (account.held + bytes <= clientBytes) break;
      if (idle(upload)) this.#evict(upload, 'client');
    }
    if (this.#held + bytes > totalBytes) this.#expire();
    for (const upload of this.#done.values()) {
      if (this.#held + bytes <= totalBytes) break;
      this.#forget(upload);
    }
    this.#makeRoom(client, bytes);
    if (account.held + bytes > clientBytes || this.#held + bytes > totalBytes) {
      this.#give(client, 0);
      throw new FedkitError('UNAVAILABLE', 'transport: expected memory for a request, got a full server');
    }
    // Forgetting its last upload may have closed the account.
    this.#account(client).held += bytes;
    this.#held += bytes;
  }

  /** Drops what has come to a standstill, from what was touched longest ago, until there is room for `bytes`. */
  #makeRoom(client: ClientId, bytes: number): void {
    const { totalBytes, stalledMilliseconds } = this.#limits;
    const before = this.#clock.now() - stalledMilliseconds;
    for (const upload of this.#open.values()) {
      if (this.#held + bytes <= totalBytes) return;
      const stalled = upload.grown <= before && this.#account(upload.client).arriving === 0;
      if (stalled && upload.client !== client && idle(upload)) this.#evict(upload, 'stalled');
    }
  }

  #give(client: ClientId, bytes: number): void {
    const account = this.#account(client);
    account.held -= bytes;
    this.#held -= bytes;
    if (account.held === 0) this.#accounts.delete(client);
  }

  #forget(upload: Upload): void {
    this.#open.delete(upload.key);
    this.#done.delete(upload.key);
    this.#account(upload.client).uploads.delete(upload);
    this.#recycle(upload);
    this.#give(upload.client, upload.held);
  }

  #recycle(upload: Upload): void {
    if (upload.bytes !== undefined) this.#release(upload.bytes);
    upload.bytes = undefined;
  }

  /** Nobody uses `bytes` any more. What is too much to be kept is not left to the garbage collector, which comes late. */
  #release(bytes: Uint8Array): void {
    if (!this.#keep(bytes) && bytes.length >= LEAST_SPARE) freeBuffer(bytes.buffer as ArrayBuffer);
  }

  #keep(bytes: Uint8Array): boolean {
    return bytes.length <= LONGEST_SPARE && this.#spare.give(bytes);
  }

  #account(client: ClientId): Account {
    let account = this.#accounts.get(client);
    if (account === undefined) {
      account = { held: 0, arriving: 0, uploads: new Set() };
      this.#accounts.set(client, account);
    }
    return account;
  }
}
