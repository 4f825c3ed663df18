/**
 * How a server's end says that it takes a message not, or not now: by the numbers of HTTP, over MQTT too.
 *
 * RFC 9110, §15.
 *
 * @module
 */
import { type ErrorCode, FedkitError, isFedkitError } from '../errors.ts';
import { unavailable } from './retry.ts';

const STATUSES: Partial<Record<ErrorCode, number>> = {
  DECODE_FAILED: 400,
  SHAPE_MISMATCH: 400,
  OUT_OF_RANGE: 413,
  // Of an upload that does not match its digest.
  AUTHENTICATION_FAILED: 422,
  UNAVAILABLE: 503,
};

/** Statuses after which another try may succeed: of the server, or of whatever stands before it. */
const TEMPORARY: readonly number[] = [408, 421, 422, 425, 429, 500, 502, 503, 504];

/** What an error of taking a message is to its sender; `undefined` for one that is not the sender's affair. */
export function statusOf(error: unknown): number | undefined {
  return isFedkitError(error) ? STATUSES[error.code] : undefined;
}

/** What a status is to the one who asked. @param retryAfter - How long the server asks to wait, in milliseconds. */
export function failureOf(where: string, status: number, retryAfter?: number): FedkitError {
  if (TEMPORARY.includes(status)) {
    return unavailable(where, 'a response', `status ${status}`, retryAfter === undefined ? {} : { retryAfter });
  }
  const fail = (code: ErrorCode, expected: string) =>
    new FedkitError(code, `${where}: expected ${expected}, got status ${status}`, { details: { status } });
  if (status === 401 || status === 403) return fail('AUTHENTICATION_FAILED', 'to be known to the server');
  if (status === 413) return fail('OUT_OF_RANGE', 'a request that the server takes');
  return fail('INVALID_ARGUMENT', 'a fedkit server on the other side');
}
