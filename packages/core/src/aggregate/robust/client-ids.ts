/**
 * Client ids, checked and as bytes: their length as u16, then UTF-16, both little-endian, so that ids which differ have
 * bytes that differ.
 *
 * @module
 */
import { refuse } from '../../check.ts';
import type { ClientId } from '../contract.ts';
import type { StateReader, StateWriter } from '../state-bytes.ts';

/** The longest client id a robust rule takes, in UTF-16 code units. */
export const MAX_CLIENT_ID_LENGTH = 1_024;

/** Checks the name of a client where a rule needs one. */
export function checkClientId(where: string, client: unknown): ClientId {
  if (typeof client !== 'string' || client.length === 0 || client.length > MAX_CLIENT_ID_LENGTH) {
    refuse('INVALID_ARGUMENT', where, `an id of 1 to ${MAX_CLIENT_ID_LENGTH} characters`, client);
  }
  return client;
}

export function clientIdLength(client: ClientId): number {
  return 2 + 2 * client.length;
}

export function writeClientId(writer: StateWriter, client: ClientId): void {
  uint16(writer, client.length);
  for (let i = 0; i < client.length; i++) uint16(writer, client.charCodeAt(i));
}

/** The next id, which must come after `previous`: '' before the first. */
export function readClientId(reader: StateReader, previous: ClientId): ClientId {
  const takeUint16 = (): number => reader.uint8() | (reader.uint8() << 8);
  const length = takeUint16();
  if (length > MAX_CLIENT_ID_LENGTH) reader.fail(`an id of at most ${MAX_CLIENT_ID_LENGTH} characters`, `${length}`);
  let client = '';
  for (let i = 0; i < length; i++) client += String.fromCharCode(takeUint16());
  if (client <= previous) reader.fail('client ids in strictly ascending order', 'another order');
  return client;
}

function uint16(writer: StateWriter, value: number): void {
  writer.uint8(value & 0xff);
  writer.uint8(value >>> 8);
}
