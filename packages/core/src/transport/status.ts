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

/** Statuses below 500 after which another try may succeed. All from 500 on are of a server, or of what stands before it, that is not well. */
const TEMPORARY: readonly number[] = [408, 421, 422, 425, 429];

/** What an error of taking a message is to its sender; `undefined` for one that is not the sender's affair. */
export function statusOf(error: unknown): number | undefined {
  return isFedkitError(error) ? STATUSES[error.code] : undefined;
}

/** What a status is to the one who asked. @param retryAfter - How long the server asks to wait, in milliseconds. */
export function failureOf(where: string, status: number, retryAfter?: number): FedkitError {
  if (status >= 500 || TEMPORARY.includes(status)) {
    return unavailable(where, 'a response', `status ${status}`, retryAfter === undefined ? {} : { retryAfter });
  }
  const fail = (code: ErrorCode, expected: string, option = '') =>
    new FedkitError(code, `${where}${option}: expected ${expected}, got status ${status}`, { details: { status } });
  if (status === 401 || status === 403)
    return fail('AUTHENTICATION_FAILED', 'credentials that the server knows', ': headers');
  if (status === 413) return fail('OUT_OF_RANGE', 'a request that the server takes');
  return fail('INVALID_ARGUMENT', 'the address of a fedkit server, its path included', ': url');
}
