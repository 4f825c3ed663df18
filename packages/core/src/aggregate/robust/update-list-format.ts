/**
 * The bytes of an {@link UpdateList}, behind the frame that all accumulators share. Little-endian:
 *
 *     d u32                                  values in an update
 *     1 u8, reference f32 × d  |  0 u8       what `create` was given
 *     number of clients u32
 *     for each client, strictly ascending:
 *       length of id u16, id in UTF-16
 *       weight f64
 *       1 u8, values f32 × d   |  0 u8       0: its update was not finite
 *
 * Equal lists have equal bytes.
 *
 * @module
 */
import { checkBytes } from '../../check.ts';
import { StateReader, StateWriter } from '../state-bytes.ts';
import { clientIdLength, readClientId, writeClientId } from './client-ids.ts';
import { readVector, vectorLength, writeVector } from './optional-vector.ts';
import { type ListedUpdate, UpdateList } from './update-list.ts';

/** The bytes of `list`. */
export function encodeUpdateList(where: string, list: UpdateList): Uint8Array {
  const entries = list.entries(where);
  let length = 8 + vectorLength(list.reference);
  for (const { client, values } of entries) length += clientIdLength(client) + 8 + vectorLength(values);

  const writer = new StateWriter(list.kind, length);
  writer.uint32(list.size);
  writeVector(writer, list.reference);
  writer.uint32(entries.length);
  for (const { client, weight, values } of entries) {
    writeClientId(writer, client);
    writer.float64(weight);
    writeVector(writer, values);
  }
  return writer.finish();
}

/** The list in `bytes`, which must be of rule `kind`, length `size`, and with a reference exactly if `reference` says so. */
export function decodeUpdateList(
  where: string,
  bytes: Uint8Array,
  expected: { kind: string; size: number; reference: 'none' | 'optional' | 'required' },
): UpdateList {
  const reader = new StateReader(expected.kind, checkBytes(`${where}: bytes`, bytes));

  const size = reader.uint32();
  if (size !== expected.size) reader.fail(`updates of length ${expected.size}`, `${size}`);
  const reference = readVector(reader, size);
  if (expected.reference !== 'optional' && (reference === undefined) !== (expected.reference === 'none')) {
    reader.fail(expected.reference === 'none' ? 'no reference' : 'a reference', 'the opposite');
  }
  const list = new UpdateList(expected.kind, size, reference);
  const count = reader.uint32();
  let previous = '';
  for (let n = 0; n < count; n++) {
    const client = readClientId(reader, previous);
    previous = client;
    const weight = reader.float64();
    if (!(weight > 0) || weight === Infinity) reader.fail('a finite weight > 0', `${weight}`);
    const values = readVector(reader, size);
    const entry: ListedUpdate = values === undefined ? { client, weight } : { client, weight, values };
    list.put(entry);
  }
  reader.expectRemaining(0);
  return list;
}
