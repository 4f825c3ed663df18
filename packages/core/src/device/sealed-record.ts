/**
 * A client's record under secure aggregation: `66 6b 73`, a version, 32 bytes of the pipeline's digest, then the record
 * under the client's own seal. Nothing it has trained is in its store for others to read.
 *
 * @module
 */
import { ByteReader, ByteWriter, sameBytes } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import type { Sealer } from '../secure/contract.ts';
import type { ClientRecord } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { exchangingFormat } from './exchanging-format.ts';
import { SEAL_MAGIC } from './seal.ts';

const VERSION = 1;

export function sealRecord(record: ClientRecord, sealer: Sealer): Uint8Array<ArrayBuffer> {
  const clear = encodeRecord(record, exchangingFormat);
  const sealed = sealer.seal(clear);
  clear.fill(0);
  return new ByteWriter()
    .bytes(Uint8Array.of(...SEAL_MAGIC, VERSION))
    .bytes(record.pipeline)
    .bytes(sealed)
    .finish();
}

/**
 * @param pipeline - 32 bytes: what another pipeline sealed is not opened.
 * @returns `undefined` for the record of another pipeline.
 * @throws FedkitError `AUTHENTICATION_FAILED` for one under another key or altered; `DECODE_FAILED` for what is no sealed record.
 */
export function openRecord(bytes: Uint8Array, pipeline: Uint8Array, sealer: Sealer): ClientRecord | undefined {
  const where = 'federatedClient: sealed record';
  const reader = new ByteReader(where, checkBytes(where, bytes));
  const start = reader.bytes(4);
  if (SEAL_MAGIC.some((byte, i) => start[i] !== byte)) reader.refuse("a client's sealed record", 'other bytes');
  if (start[3] !== VERSION) reader.refuse(`version ${VERSION}`, `version ${start[3]}`);
  if (!sameBytes(reader.bytes(32), pipeline)) return undefined;
  const clear = sealer.open(reader.bytes(reader.remaining));
  // Fields are views, so that the clear bytes live as long as the record.
  const record = decodeRecord('federatedClient: record', clear, exchangingFormat);
  if (!sameBytes(record.pipeline, pipeline)) reader.refuse('the record of the pipeline it names', 'of another');
  return record;
}
