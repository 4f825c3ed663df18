/**
 * How much a server's end takes from strangers.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../check.ts';
import type { RequestHandler } from '../protocol/exchange.ts';

/** Bounds of a server's end. They are checked against declared sizes, before anything is allocated. */
export interface TransportLimits {
  /** The longest request, in bytes. Default what the handler takes, as a `federatedServer` says by its pipeline, or 64 MiB. */
  readonly requestBytes?: number;
  /** The longest response, in bytes; the handler's fault where it is exceeded. Default 16 MiB. */
  readonly responseBytes?: number;
  /**
   * Memory that one client's requests may hold at a time, in bytes. Default, and least, twice `requestBytes` and 4 KiB: an
   * upload and a piece of it that arrives.
   */
  readonly clientBytes?: number;
  /** Memory that all clients' requests together may hold, in bytes. Default 512 MiB, or `clientBytes` if that is more. */
  readonly totalBytes?: number;
  /** How long a request may take to arrive in one message, in milliseconds. Default 60,000. Node's own HTTP server ends it after 300,000. */
  readonly bodyMilliseconds?: number;
  /** How long an unfinished upload waits for its next piece, in milliseconds. Default 600,000. */
  readonly uploadMilliseconds?: number;
  /**
   * Once all memory is taken, an unfinished upload that has not grown for so many milliseconds, and of whose client nothing is arriving,
   * makes room for others; its client begins it anew. Default 10,000.
   */
  readonly stalledMilliseconds?: number;
}

const LIMITS: OptionNames<TransportLimits> = {
  requestBytes: true,
  responseBytes: true,
  clientBytes: true,
  totalBytes: true,
  bodyMilliseconds: true,
  uploadMilliseconds: true,
  stalledMilliseconds: true,
};

/**
 * Limits with their defaults.
 *
 * @param handler - Whose requests they bound.
 * @throws FedkitError `OUT_OF_RANGE` for one that is no integer or below its least.
 */
export function completeLimits(
  where: string,
  limits: TransportLimits = {},
  handler: Pick<RequestHandler, 'maximumRequestLength'> = {},
): Required<TransportLimits> {
  checkOptions(`${where}: limits`, limits, LIMITS);
  const check = (name: keyof TransportLimits, otherwise: number, least = 1) =>
    checkInteger(`${where}: limits.${name}`, limits[name] ?? otherwise, least);
  const requestBytes = check('requestBytes', handler.maximumRequestLength ?? 2 ** 26);
  const clientBytes = check('clientBytes', 2 * requestBytes + 4096, 2 * requestBytes + 4096);
  return {
    requestBytes,
    responseBytes: check('responseBytes', 2 ** 24),
    clientBytes,
    totalBytes: check('totalBytes', Math.max(2 ** 29, clientBytes), clientBytes),
    bodyMilliseconds: check('bodyMilliseconds', 60_000),
    uploadMilliseconds: check('uploadMilliseconds', 600_000),
    stalledMilliseconds: check('stalledMilliseconds', 10_000),
  };
}
