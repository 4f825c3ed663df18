/**
 * What a device makes of a server's answers, and sends.
 *
 * @module
 */
import { ByteWriter } from '../bytes.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import type { Response } from '../protocol/message.ts';

/** The parts in one piece; one that is in one already is not copied. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const writer = new ByteWriter();
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}

export function refusal({ code, message }: Extract<Response, { kind: 'refused' }>): FedkitError {
  return new FedkitError(code, message);
}

/** Whether an error says no, rather than not now. */
export function isRefusal(error: unknown): error is FedkitError {
  return isFedkitError(error) && error.code !== 'ABORTED' && error.code !== 'UNAVAILABLE';
}

/** A server that answers something else may be a proxy, or broken for now. */
export function unusable(expected: string, got: string): never {
  throw new FedkitError('UNAVAILABLE', `federatedClient: expected ${expected}, got ${got}`);
}
