/**
 * Client ids as bytes: their length as u16, then UTF-16, both little-endian, so that ids which differ have
 * bytes that differ.
 *
 * @module
 */
import { isClientId, MAXIMUM_CLIENT_ID_BYTES } from '../../client-id.ts';
import type { ClientId } from '../contract.ts';
import type { StateReader, StateWriter } from '../state-bytes.ts';

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
  if (length > MAXIMUM_CLIENT_ID_BYTES) reader.fail(`an id of at most ${MAXIMUM_CLIENT_ID_BYTES} units`, `${length}`);
  let client = '';
  for (let i = 0; i < length; i++) client += String.fromCharCode(takeUint16());
  if (!isClientId(client)) reader.fail('a client id', 'other text');
  if (client <= previous) reader.fail('client ids in strictly ascending order', 'another order');
  return client;
}

function uint16(writer: StateWriter, value: number): void {
  writer.uint8(value & 0xff);
  writer.uint8(value >>> 8);
}
