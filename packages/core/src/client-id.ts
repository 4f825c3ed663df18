/**
 * What a client may be called: one limit for every server, rule, transport and secure sum.
 *
 * @module
 */
import { refuse } from './check.ts';
import { isWellFormed, utf8Encode } from './utf8.ts';

/** Names one client within a federation; ties between clients are broken by its order as a string. */
export type ClientId = string;

/** The longest client id, in bytes of UTF-8. */
export const MAXIMUM_CLIENT_ID_BYTES = 255;

/** Whether `value` can be a client's id: well-formed text of 1 to 255 bytes of UTF-8. */
export function isClientId(value: unknown): value is ClientId {
  if (typeof value !== 'string' || value === '' || value.length > MAXIMUM_CLIENT_ID_BYTES) return false;
  return isWellFormed(value) && utf8Encode(value).length <= MAXIMUM_CLIENT_ID_BYTES;
}

/** @throws FedkitError `INVALID_ARGUMENT` for what cannot be a client's id. */
export function checkClientId(where: string, value: unknown): ClientId {
  if (isClientId(value)) return value;
  return refuse('INVALID_ARGUMENT', where, `well-formed text of 1 to ${MAXIMUM_CLIENT_ID_BYTES} bytes of UTF-8`, value);
}
