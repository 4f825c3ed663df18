/**
 * What a device makes of a server's answers, and sends.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '../errors.ts';
import type { Response } from '../protocol/message.ts';

export function refusal({ code, message }: Extract<Response, { kind: 'refused' }>): FedkitError {
  return new FedkitError(code, message);
}

/** Whether an error says no, rather than not now. */
export function isRefusal(error: unknown): error is FedkitError {
  return isFedkitError(error) && error.code !== 'ABORTED' && error.code !== 'UNAVAILABLE';
}

/** A server that answers something else may be a proxy, or broken for now. */
export function unusable(where: string, expected: string, got: string): never {
  throw new FedkitError('UNAVAILABLE', `${where}: expected ${expected}, got ${got}`);
}
