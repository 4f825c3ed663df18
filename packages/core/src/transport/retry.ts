/**
 * The sending half of every transport over a network: a request in one message or in pieces, again and again until the
 * response is there, waiting longer each time.
 *
 * Exponential backoff with full jitter: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @module
 */
import { checkAborted, onAbort } from '../abort.ts';
import { checkBytes, checkInteger, type OptionNames } from '../check.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { heard } from '../heard.ts';
import { type Rng, secureRng } from '../random.ts';
import { type Clock, sleep, systemClock } from '../protocol/clock.ts';
import type { Exchange } from '../protocol/exchange.ts';
import type { Piece, Receipt } from './piece.ts';
import { digestOf } from '../sha256.ts';

/** How a client's end tries again. */
export interface RetryOptions {
  /** Failures in a row, without progress, after which a request is given up as `UNAVAILABLE`. Default 6. */
  readonly attempts?: number;
  /** The first wait is uniform between 0 and this, in milliseconds; the bound doubles with every failure. Default 500. */
  readonly firstDelay?: number;
  /** The longest wait, in milliseconds; a server that asks for more is `UNAVAILABLE` at once. Default 60,000. */
  readonly longestDelay?: number;
  /** How long one message may take to be answered, in milliseconds. Default 60,000. */
  readonly timeout?: number;
  /**
   * The longest message, in bytes; halved, down to 16 KiB, whenever one is lost or is too long for what stands between. Default
   * 1 MiB less 4 KiB: with its head a piece is within the 1 MiB that nginx takes by default.
   */
  readonly chunkSize?: number;
  /** The longest response that is taken, in bytes. Default 16 MiB. */
  readonly responseBytes?: number;
  /** Where the jitter comes from. Default the platform's. */
  readonly rng?: Rng;
  /** Default the engine's. */
  readonly clock?: Clock;
}

/** Their names, for those who check options that extend them. */
export const RETRY_OPTIONS: OptionNames<RetryOptions> = {
  attempts: true,
  firstDelay: true,
  longestDelay: true,
  timeout: true,
  chunkSize: true,
  responseBytes: true,
  rng: true,
  clock: true,
};

const DEFAULT_CHUNK = 2 ** 20 - 4096;
/** A message of fewer bytes is not cut further. */
const SMALLEST_CHUNK = 16_384;

/** One way to a server: sends one message and gives its receipt, or rejects with a FedkitError. */
export interface Messenger {
  /** The longest message, in bytes, as far as is known by now; default: whatever `chunkSize` says. */
  longest?(): number;
  whole(request: Uint8Array, signal: AbortSignal): Promise<Receipt>;
  piece(piece: Piece, signal: AbortSignal): Promise<Receipt>;
}

/**
 * Retry options with their defaults.
 *
 * @throws FedkitError `INVALID_ARGUMENT` or `OUT_OF_RANGE` for one that does not fit.
 */
export function completeRetryOptions(
  where: string,
  retry: RetryOptions,
  largestChunk: number = 2 ** 30,
): Required<RetryOptions> {
  const check = (name: 'attempts' | 'firstDelay' | 'longestDelay' | 'timeout' | 'responseBytes', otherwise: number) =>
    checkInteger(`${where}: ${name}`, retry[name] ?? otherwise, 1);
  const least = Math.min(SMALLEST_CHUNK, largestChunk);
  return {
    attempts: check('attempts', 6),
    firstDelay: check('firstDelay', 500),
    longestDelay: check('longestDelay', 60_000),
    timeout: check('timeout', 60_000),
    chunkSize: checkInteger(
      `${where}: chunkSize`,
      retry.chunkSize ?? Math.min(DEFAULT_CHUNK, largestChunk),
      least,
      largestChunk,
    ),
    responseBytes: check('responseBytes', 2 ** 24),
    rng: retry.rng ?? secureRng(),
    clock: retry.clock ?? systemClock,
  };
}

/** The exchange over `messenger`. */
export function retryingExchange(where: string, messenger: Messenger, retry: Required<RetryOptions>): Exchange {
  const { attempts, firstDelay, longestDelay, timeout, chunkSize, rng, clock } = retry;
  return async (given, { signal, onFailure } = {}) => {
    const request = checkBytes(`${where}: request`, given);
    const tell = heard(onFailure);
    let digest: Uint8Array | undefined;
    let chunk = Math.min(chunkSize, messenger.longest?.() ?? Infinity);
    let have = 0;
    let failures = 0;
    let restarts = 0;
    for (;;) {
      try {
        const whole = request.length <= chunk && have === 0;
        if (!whole) digest ??= await digestOf(request);
        const receipt = await withDeadline(where, clock, timeout, signal, (inner) =>
          digest === undefined || whole
            ? messenger.whole(request, inner)
            : messenger.piece(
                { digest, total: request.length, offset: have, bytes: request.subarray(have, have + chunk) },
                inner,
              ),
        );
        if ('response' in receipt) return receipt.response;
        if (receipt.have > request.length)
          throw unavailable(where, `at most ${request.length} bytes on the other side`, 'more');
        if (receipt.have > have) failures = 0;
        else if (++failures >= attempts || (receipt.have < have && ++restarts >= attempts)) {
          throw new FedkitError('UNAVAILABLE', `${where}: expected progress of an upload, got none`, {
            details: { final: true },
          });
        }
        have = receipt.have;
      } catch (error) {
        if (isFedkitError(error, 'OUT_OF_RANGE') && error.details.status === 413) {
          // The whole is not known to be too long: a proxy may bound its messages. Not waited for, since nobody is busy.
          const longest = Math.min(chunk, request.length - have);
          if (longest <= SMALLEST_CHUNK) throw error;
          chunk = Math.min(Math.max(SMALLEST_CHUNK, Math.ceil(longest / 2)), messenger.longest?.() ?? Infinity);
          tell(error, 0);
          continue;
        }
        if (!isFedkitError(error, 'UNAVAILABLE') || error.details.final === true || ++failures >= attempts) throw error;
        const asked = typeof error.details.retryAfter === 'number' ? error.details.retryAfter : 0;
        if (asked > longestDelay) throw error;
        chunk = Math.max(Math.min(SMALLEST_CHUNK, chunk), Math.floor(chunk / 2));
        const bound = Math.min(longestDelay, firstDelay * 2 ** Math.min(failures - 1, 40));
        const milliseconds = asked + rng.uniform() * bound;
        tell(error, milliseconds);
        await sleep(where, clock, milliseconds, signal);
      }
    }
  };
}

/** An `UNAVAILABLE` of the message form. */
export function unavailable(
  where: string,
  expected: string,
  got: string,
  options: { readonly cause?: unknown; readonly retryAfter?: number } = {},
): FedkitError {
  return new FedkitError('UNAVAILABLE', `${where}: expected ${expected}, got ${got}`, {
    ...(options.retryAfter !== undefined && { details: { retryAfter: options.retryAfter } }),
    cause: options.cause,
  });
}

/** Runs `work` under a signal of its own, which fires with the caller's or after `timeout` milliseconds. */
async function withDeadline<T>(
  where: string,
  clock: Clock,
  timeout: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  checkAborted(where, signal);
  const controller = new AbortController();
  const abort = () => controller.abort();
  const deafen = onAbort(signal, abort);
  const cancel = clock.after(timeout, abort);
  try {
    // `work` may not heed its signal.
    return await new Promise<T>((resolve, reject) => {
      onAbort(controller.signal, () => reject(unavailable(where, `an answer within ${timeout} ms`, 'none')));
      work(controller.signal).then(resolve, reject);
    });
  } catch (error) {
    checkAborted(where, signal);
    throw error;
  } finally {
    cancel();
    deafen();
  }
}
